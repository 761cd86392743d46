// Puts tokens together into JSON values, and says what is wrong in the words of QEMU's monitor.
import { JsonLexer, type JsonToken } from './json-lexer.ts';

export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export const isJsonObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a piece of input turned out to be. */
export type JsonInput = { readonly value: JsonValue } | { readonly error: string };

const MAX_NESTING = 1024;
const MAX_BYTES = 64 * 1024 * 1024;

/** Takes bytes in any pieces; gives each value, or each fault, as soon as it is complete. */
export class JsonStream {
  #lexer = new JsonLexer((token) => this.#take(token));
  #emit: (input: JsonInput) => void;
  #tokens: JsonToken[] = [];
  #bytes = 0;
  #braces = 0;
  #brackets = 0;

  constructor(emit: (input: JsonInput) => void) {
    this.#emit = emit;
  }

  feed(chunk: Uint8Array): void {
    this.#lexer.feed(chunk);
  }

  #take(token: JsonToken): void {
    if (token.kind === 'error') return this.#done({ error: `JSON parse error, stray '${legible(token.text)}'` });
    this.#count(token);
    this.#bytes += token.text.length;
    this.#tokens.push(token);
    if (this.#bytes > MAX_BYTES) return this.#done({ error: 'JSON token size limit exceeded' });
    if (this.#braces + this.#brackets > MAX_NESTING) return this.#done({ error: 'JSON nesting depth limit exceeded' });
    const open = (this.#braces > 0 || this.#brackets > 0) && this.#braces >= 0 && this.#brackets >= 0;
    if (!open) this.#done(parseTokens(this.#tokens));
  }

  #count({ kind, text }: JsonToken): void {
    if (kind !== 'structure') return;
    if (text === '{') this.#braces++;
    if (text === '}') this.#braces--;
    if (text === '[') this.#brackets++;
    if (text === ']') this.#brackets--;
  }

  #done(input: JsonInput): void {
    this.#tokens = [];
    this.#bytes = 0;
    this.#braces = 0;
    this.#brackets = 0;
    this.#emit(input);
  }
}

/** Bytes as far as they are text; others become U+FFFD. */
const legible = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

class ParseError extends Error {}

function parseTokens(tokens: readonly JsonToken[]): JsonInput {
  let next = 0;
  const take = (): JsonToken => tokens[next++] ?? refuse('premature EOI');
  const isNext = (text: string) => tokens[next]?.kind === 'structure' && tokens[next]?.text === text;

  function parseValue(): JsonValue {
    const token = take();
    if (token.kind === 'string') return parseString(token.text);
    if (token.kind === 'number') return parseNumber(token.text);
    if (token.kind === 'keyword') return parseKeyword(token.text);
    if (token.text === '{') return parseObject();
    if (token.text === '[') return parseList();
    return refuse('expecting value');
  }

  function parseObject(): JsonObject {
    const members = new Map<string, JsonValue>();
    for (let first = true; first || !isNext('}'); first = false) {
      if (first && isNext('}')) break;
      if (!first && take().text !== ',') return refuse('expected separator in dict');
      const name = parseValue();
      if (typeof name !== 'string') return refuse('key is not a string in object');
      if (take().text !== ':') return refuse('missing : in object pair');
      const value = parseValue();
      if (members.has(name)) return refuse('duplicate key');
      members.set(name, value);
    }
    take();
    return Object.fromEntries(members);
  }

  function parseList(): readonly JsonValue[] {
    const items: JsonValue[] = [];
    for (let first = true; first || !isNext(']'); first = false) {
      if (first && isNext(']')) break;
      if (!first && take().text !== ',') return refuse('expected separator in list');
      items.push(parseValue());
    }
    take();
    return items;
  }

  try {
    return { value: parseValue() };
  } catch (error) {
    if (error instanceof ParseError) return { error: `JSON parse error, ${error.message}` };
    throw error;
  }
}

function refuse(what: string): never {
  throw new ParseError(what);
}

const KEYWORDS: Readonly<Record<string, null | boolean>> = { true: true, false: false, null: null };

function parseKeyword(text: string): null | boolean {
  return Object.hasOwn(KEYWORDS, text) ? KEYWORDS[text]! : refuse(`invalid keyword '${text}'`);
}

/** Whole numbers stay exact as far as QEMU keeps them: 64 bits, with or without a sign. */
function parseNumber(text: string): number | bigint {
  const number = Number(text);
  if (!/^-?\d+$/.test(text) || Number.isSafeInteger(number)) return number;
  const exact = BigInt(text);
  return exact >= -(2n ** 63n) && exact < 2n ** 64n ? exact : number;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function parseString(token: string): string {
  const text = decodeUtf8(token.slice(1, -1));
  return text.replace(/\\u(?:[dD][89abAB]..\\u[dD][c-fC-F]..|.{0,4})|\\[^]/g, (escape) => {
    if (escape.startsWith('\\u')) return unicodeEscape(escape, token.at(-1)!);
    return ESCAPES[escape.slice(1)] ?? refuse('invalid escape sequence in string');
  });
}

/** One character from `\uNNNN`, or from a pair of surrogates; neither half of one, nor a code that is no character. */
function unicodeEscape(escape: string, quote: string): string {
  const units = escape.split('\\u').slice(1);
  const text = String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16)));
  const code = text.codePointAt(0)!;
  const isHalf = code >= 0xd800 && code <= 0xdfff;
  const isCharacter = !isHalf && (code & 0xfffe) !== 0xfffe && !(code >= 0xfdd0 && code <= 0xfdef);
  if (units.every((unit) => /^[0-9a-fA-F]{4}$/.test(unit)) && isCharacter) return text;
  return refuse(`\\u${`${units[0]}${quote}`.slice(0, 4)} is not a valid Unicode character`);
}

function decodeUtf8(bytes: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return refuse('invalid UTF-8 sequence in string');
  }
}
