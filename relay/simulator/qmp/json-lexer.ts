// Cuts a stream of bytes into JSON tokens as QEMU's monitor does: token by token rather than line by line, so that one
// bad line can bring several answers. Its words and its way back from an error were observed on a real QEMU.

/** A piece of JSON; `text` is as it came, one character a byte. An `error` carries what was read until it went wrong. */
export interface JsonToken {
  readonly kind: 'structure' | 'string' | 'number' | 'keyword' | 'error';
  readonly text: string;
}

type State = (char: string) => Step;
/** What a character does: it is part of the token, or the token ended before it, or with it, or it is no JSON. */
type Step = 'more' | 'before' | 'with' | 'error' | State;

const STRUCTURE = /[{}[\]:,]/;
const DIGIT = /[0-9]/;
// Bytes that occur in no UTF-8 text.
const NEVER_TEXT = /[\xc0\xc1\xf5-\xff]/;
const isControl = (char: string): boolean => char < ' ';

/** Takes bytes in any pieces and gives the tokens that they complete. */
export class JsonLexer {
  #emit: (token: JsonToken) => void;
  #state: State = start;
  #kind: JsonToken['kind'] = 'error';
  #text = '';
  #recovering = false;

  constructor(emit: (token: JsonToken) => void) {
    this.#emit = emit;
  }

  feed(chunk: Uint8Array): void {
    for (const byte of chunk) this.#take(String.fromCharCode(byte));
  }

  #take(char: string): void {
    if (this.#recovering) {
      if (!STRUCTURE.test(char) && !isControl(char)) return;
      this.#recovering = false;
    }
    if (this.#text === '') {
      if (/[ \t\r\n]/.test(char)) return;
      this.#kind = kindOf(char);
    }
    const step = this.#state(char);
    if (step === 'before') {
      this.#finish();
      this.#take(char);
      return;
    }
    this.#text += char;
    if (typeof step === 'function') this.#state = step;
    if (step === 'with') this.#finish();
    if (step === 'error') {
      this.#kind = 'error';
      this.#finish();
      this.#recovering = true;
    }
  }

  #finish(): void {
    const token = { kind: this.#kind, text: this.#text };
    this.#text = '';
    this.#state = start;
    this.#emit(token);
  }
}

function kindOf(char: string): JsonToken['kind'] {
  if (STRUCTURE.test(char)) return 'structure';
  if (char === '"' || char === "'") return 'string';
  return DIGIT.test(char) || char === '-' ? 'number' : 'keyword';
}

const start: State = (char) => {
  if (STRUCTURE.test(char)) return 'with';
  if (char === '"' || char === "'") return stringIn(char);
  if (char === '-') return sign;
  if (char === '0') return zero;
  if (DIGIT.test(char)) return digits;
  return /[a-z]/.test(char) ? keyword : 'error';
};

const keyword: State = (char) => (/[a-z]/.test(char) ? 'more' : 'before');

function stringIn(quote: string): State {
  const inside: State = (char) => {
    if (char === quote) return 'with';
    if (char === '\\') return escape;
    return isControl(char) || NEVER_TEXT.test(char) ? 'error' : 'more';
  };
  const escape: State = (char) => (isControl(char) || NEVER_TEXT.test(char) ? 'error' : inside);
  return inside;
}

const sign: State = (char) => (char === '0' ? zero : DIGIT.test(char) ? digits : 'error');
const zero: State = (char) => (DIGIT.test(char) ? 'error' : afterDigits(char));
const digits: State = (char) => (DIGIT.test(char) ? 'more' : afterDigits(char));
const afterDigits = (char: string): Step => (char === '.' ? point : /[eE]/.test(char) ? exponent : 'before');
const point: State = (char) => (DIGIT.test(char) ? fraction : 'error');
const fraction: State = (char) => (DIGIT.test(char) ? 'more' : /[eE]/.test(char) ? exponent : 'before');
const exponent: State = (char) => (/[+-]/.test(char) ? exponentSign : DIGIT.test(char) ? exponentDigits : 'error');
const exponentSign: State = (char) => (DIGIT.test(char) ? exponentDigits : 'error');
const exponentDigits: State = (char) => (DIGIT.test(char) ? 'more' : 'before');
