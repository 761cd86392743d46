// Makes hostile inputs out of good ones: small changes, cuts, doublings, pieces of others, and numbers that hurt.

/** Random choices from a seed (Mulberry32). */
export class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, but without, `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];
const encoder = new TextEncoder();
const WORDS = [
  ...[
    '0',
    '-1',
    '1e9',
    '0x',
    '4294967296',
    '99999999999999999999',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '\\',
    '\u0000',
    '\ufeff',
    '%00',
  ],
  ...[
    'null',
    'true',
    '__proto__',
    'constructor',
    '<![CDATA[',
    '<!DOCTYPE',
    '&#0;',
    '&amp;',
    ',,',
    '=',
    '/../',
    '\r\n',
    'UR:',
    '='.repeat(5),
  ],
  ...['AAAA', 'Ä', '😀', '-----BEGIN'],
].map((word) => encoder.encode(word));

const MAX_LENGTH = 16_384;
/** How many changed inputs that were accepted are kept to go on from. */
const MAX_KEPT = 64;

/** Inputs to begin with, and those on the way that a target took. */
export class Corpus {
  readonly #seeds: readonly Uint8Array[];
  readonly #kept: Uint8Array[] = [];

  constructor(seeds: readonly Uint8Array[]) {
    this.#seeds = seeds;
  }

  /** A target read this input: what follows from it goes deeper. */
  keep(bytes: Uint8Array, choices: Choices): void {
    if (this.#kept.length < MAX_KEPT) this.#kept.push(bytes);
    else if (choices.below(8) === 0) this.#kept[choices.below(MAX_KEPT)] = bytes;
  }

  /** The next hostile input, in a copy of its own. */
  next(choices: Choices): Uint8Array {
    if (this.#seeds.length === 0 || choices.below(20) === 0)
      return choices.bytes(choices.below(choices.pick([8, 64, 400])));
    let bytes: Uint8Array = this.#some(choices).slice();
    for (let changes = 1 + choices.below(choices.pick([1, 3, 8])); changes > 0; changes--) {
      bytes = choices.pick(MUTATIONS)(bytes, choices, this.#some(choices));
    }
    return bytes.slice(0, MAX_LENGTH);
  }

  #some(choices: Choices): Uint8Array {
    const kept = this.#kept.length > 0 && choices.below(3) === 0;
    return choices.pick(kept ? this.#kept : this.#seeds);
  }
}

type Mutation = (bytes: Uint8Array, choices: Choices, other: Uint8Array) => Uint8Array;

const join = (...parts: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
};

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, choices) {
    if (bytes.length > 0) bytes[choices.below(bytes.length)]! ^= 1 << choices.below(8);
    return bytes;
  },
  function setByte(bytes, choices) {
    if (bytes.length > 0) bytes[choices.below(bytes.length)] = choices.below(256);
    return bytes;
  },
  function setNumber(bytes, choices) {
    const size = choices.pick([1, 2, 4]);
    if (bytes.length < size) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const at = choices.below(bytes.length - size + 1);
    const [value, little] = [choices.pick(NUMBERS), choices.below(2) === 0];
    if (size === 1) view.setUint8(at, value & 0xff);
    else if (size === 2) view.setUint16(at, value & 0xffff, little);
    else view.setUint32(at, value, little);
    return bytes;
  },
  function addNumber(bytes, choices) {
    if (bytes.length < 2) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const [at, little] = [choices.below(bytes.length - 1), choices.below(2) === 0];
    view.setUint16(at, view.getUint16(at, little) + choices.below(35) - 17, little);
    return bytes;
  },
  function cutEnd(bytes, choices) {
    return bytes.slice(0, choices.below(bytes.length + 1));
  },
  function cutOut(bytes, choices) {
    const from = choices.below(bytes.length + 1);
    return join(bytes.slice(0, from), bytes.slice(from + choices.below(bytes.length - from + 1)));
  },
  function append(bytes, choices) {
    return join(bytes, choices.bytes(1 + choices.below(40)));
  },
  function double(bytes, choices) {
    const [from, to] = [choices.below(bytes.length + 1), choices.below(bytes.length + 1)];
    return join(bytes.slice(0, Math.max(from, to)), bytes.slice(Math.min(from, to)));
  },
  function insertWord(bytes, choices) {
    const at = choices.below(bytes.length + 1);
    return join(bytes.slice(0, at), choices.pick(WORDS), bytes.slice(at));
  },
  function overwriteWord(bytes, choices) {
    const word = choices.pick(WORDS);
    if (bytes.length >= word.length) bytes.set(word, choices.below(bytes.length - word.length + 1));
    return bytes;
  },
  function fill(bytes, choices) {
    const [from, length] = [choices.below(bytes.length + 1), choices.below(64)];
    return bytes.fill(choices.pick([0, 0xff, 0x41, 0x30]), from, from + length);
  },
  function graft(bytes, choices, other) {
    return join(bytes.slice(0, choices.below(bytes.length + 1)), other.slice(choices.below(other.length + 1)));
  },
  function swapBytes(bytes, choices) {
    if (bytes.length === 0) return bytes;
    const [a, b] = [choices.below(bytes.length), choices.below(bytes.length)];
    [bytes[a], bytes[b]] = [bytes[b]!, bytes[a]!];
    return bytes;
  },
];
