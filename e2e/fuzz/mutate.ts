// Makes hostile inputs out of good ones: small changes, cuts, doublings, pieces of others, and numbers that hurt.

import type { Dice } from '../../shared/testing/dice.ts';

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
  keep(bytes: Uint8Array, dice: Dice): void {
    if (this.#kept.length < MAX_KEPT) this.#kept.push(bytes);
    else if (dice.below(8) === 0) this.#kept[dice.below(MAX_KEPT)] = bytes;
  }

  /** The next hostile input, in a copy of its own. */
  next(dice: Dice): Uint8Array {
    if (this.#seeds.length === 0 || dice.below(20) === 0) return dice.bytes(dice.below(dice.pick([8, 64, 400])));
    let bytes: Uint8Array = this.#some(dice).slice();
    for (let changes = 1 + dice.below(dice.pick([1, 3, 8])); changes > 0; changes--) {
      bytes = dice.pick(MUTATIONS)(bytes, dice, this.#some(dice));
    }
    return bytes.slice(0, MAX_LENGTH);
  }

  #some(dice: Dice): Uint8Array {
    const kept = this.#kept.length > 0 && dice.below(3) === 0;
    return dice.pick(kept ? this.#kept : this.#seeds);
  }
}

type Mutation = (bytes: Uint8Array, dice: Dice, other: Uint8Array) => Uint8Array;

const join = (...parts: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
};

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, dice) {
    if (bytes.length > 0) bytes[dice.below(bytes.length)]! ^= 1 << dice.below(8);
    return bytes;
  },
  function setByte(bytes, dice) {
    if (bytes.length > 0) bytes[dice.below(bytes.length)] = dice.below(256);
    return bytes;
  },
  function setNumber(bytes, dice) {
    const size = dice.pick([1, 2, 4]);
    if (bytes.length < size) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const at = dice.below(bytes.length - size + 1);
    const [value, little] = [dice.pick(NUMBERS), dice.below(2) === 0];
    if (size === 1) view.setUint8(at, value & 0xff);
    else if (size === 2) view.setUint16(at, value & 0xffff, little);
    else view.setUint32(at, value, little);
    return bytes;
  },
  function addNumber(bytes, dice) {
    if (bytes.length < 2) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const [at, little] = [dice.below(bytes.length - 1), dice.below(2) === 0];
    view.setUint16(at, view.getUint16(at, little) + dice.below(35) - 17, little);
    return bytes;
  },
  function cutEnd(bytes, dice) {
    return bytes.slice(0, dice.below(bytes.length + 1));
  },
  function cutOut(bytes, dice) {
    const from = dice.below(bytes.length + 1);
    return join(bytes.slice(0, from), bytes.slice(from + dice.below(bytes.length - from + 1)));
  },
  function append(bytes, dice) {
    return join(bytes, dice.bytes(1 + dice.below(40)));
  },
  function double(bytes, dice) {
    const [from, to] = [dice.below(bytes.length + 1), dice.below(bytes.length + 1)];
    return join(bytes.slice(0, Math.max(from, to)), bytes.slice(Math.min(from, to)));
  },
  function insertWord(bytes, dice) {
    const at = dice.below(bytes.length + 1);
    return join(bytes.slice(0, at), dice.pick(WORDS), bytes.slice(at));
  },
  function overwriteWord(bytes, dice) {
    const word = dice.pick(WORDS);
    if (bytes.length >= word.length) bytes.set(word, dice.below(bytes.length - word.length + 1));
    return bytes;
  },
  function fill(bytes, dice) {
    const [from, length] = [dice.below(bytes.length + 1), dice.below(64)];
    return bytes.fill(dice.pick([0, 0xff, 0x41, 0x30]), from, from + length);
  },
  function graft(bytes, dice, other) {
    return join(bytes.slice(0, dice.below(bytes.length + 1)), other.slice(dice.below(other.length + 1)));
  },
  function swapBytes(bytes, dice) {
    if (bytes.length === 0) return bytes;
    const [a, b] = [dice.below(bytes.length), dice.below(bytes.length)];
    [bytes[a], bytes[b]] = [bytes[b]!, bytes[a]!];
    return bytes;
  },
];
