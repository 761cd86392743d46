// LZMA in its oldest form, `.lzma` or LZMA_Alone, as firmware volumes carry it: 13 bytes of header, then one stream.
// Written from the LZMA specification (LZMA SDK, lzma-specification.txt). Only what decodes is here, bounded by the caller.
import { SevError } from '../errors.ts';

/** Properties, dictionary size (LE32) and size of what comes out (LE64). */
const HEADER_SIZE = 13;
const TOP = 0x100_0000;
const STATES = 12;
const END_POSITION_MODEL = 14;
const FULL_DISTANCES = 128;
const ALIGN_BITS = 4;
const MIN_MATCH = 2;
/** A distance of all ones ends a stream that does not say its size. */
const END_MARK = 0xffff_ffff;
/** Room is made as it is filled: a header may promise what never comes. */
const FIRST_ROOM = 1 << 20;

/** Where the probabilities of each kind begin, in one table; the literals' come last, since their number varies. */
const AT = places({
  isMatch: STATES << 4,
  isRep: STATES,
  isRep0: STATES,
  isRep1: STATES,
  isRep2: STATES,
  isRep0Long: STATES << 4,
  slots: 4 << 6,
  distances: 1 + FULL_DISTANCES - END_POSITION_MODEL,
  align: 1 << ALIGN_BITS,
  // Of the lengths of matches and of repeats: two choices, then trees for 2–9, 10–17 and 18–273.
  matchLengths: 2 + (16 << 3) + (16 << 3) + 256,
  repLengths: 2 + (16 << 3) + (16 << 3) + 256,
  literals: 0,
});
const [LOW, MIDDLE, HIGH] = [2, 2 + (16 << 3), 2 + (32 << 3)];

/**
 * Decompresses one stream. Linear in what comes out, which is never more than `most` bytes.
 *
 * @param bytes header and stream; what follows the stream is left alone
 * @returns what was compressed, as long as the header says
 * @throws SevError BYTES_VALUE where it is no LZMA, or damaged; BYTES_TOO_LARGE where it holds more than `most`
 */
export function decodeLzma(bytes: Uint8Array, most: number, at = 'lzma'): Uint8Array {
  const damaged = (because: string): SevError => new SevError('BYTES_VALUE', { at, because });
  const tooLarge = (because?: string): SevError => new SevError('BYTES_TOO_LARGE', { at, ...(because && { because }) });
  const properties = bytes[0] ?? 0xff;
  if (properties >= 9 * 5 * 5) throw damaged('Its properties are none that there are.');
  if (bytes.length < HEADER_SIZE + 5) throw damaged(`${bytes.length} bytes are too few.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [low, high] = [view.getUint32(5, true), view.getUint32(9, true)];
  const size = low === END_MARK && high === END_MARK ? undefined : high * 2 ** 32 + low;
  if (size !== undefined && size > most) throw tooLarge(`It says that it holds ${size} bytes.`);
  const end = size ?? most;

  // Bits of the byte before, of the place for literals, and of the place for everything else.
  const lc = properties % 9;
  const lp = Math.floor(properties / 9) % 5;
  const placeMask = (1 << Math.floor(properties / 45)) - 1;
  const literalMask = (1 << lp) - 1;
  const chances = new Uint16Array(AT.literals + (0x300 << (lc + lp))).fill(1024);
  let output = new Uint8Array(Math.min(end, FIRST_ROOM));
  let written = 0;
  let place = HEADER_SIZE;
  let range = 0xffff_ffff;
  let code = 0;

  function next(): number {
    if (place >= bytes.length) throw damaged('It ends in the middle.');
    return bytes[place++]!;
  }

  function bit(index: number): 0 | 1 {
    if (range < TOP) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | next()) >>> 0;
    }
    const chance = chances[index]!;
    const bound = (range >>> 11) * chance;
    if (code < bound) {
      range = bound;
      chances[index] = chance + ((2048 - chance) >> 5);
      return 0;
    }
    range -= bound;
    code -= bound;
    chances[index] = chance - (chance >> 5);
    return 1;
  }

  function directBits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      if (range < TOP) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | next()) >>> 0;
      }
      range >>>= 1;
      const one = code >= range;
      if (one) code -= range;
      value = value * 2 + (one ? 1 : 0);
    }
    return value;
  }

  function tree(from: number, bits: number): number {
    let node = 1;
    for (let i = 0; i < bits; i++) node = (node << 1) | bit(from + node);
    return node - (1 << bits);
  }

  function reverseTree(from: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const one = bit(from + node);
      node = (node << 1) | one;
      value |= one << i;
    }
    return value;
  }

  function lengthOf(from: number, placeState: number): number {
    if (bit(from) === 0) return tree(from + LOW + (placeState << 3), 3);
    if (bit(from + 1) === 0) return 8 + tree(from + MIDDLE + (placeState << 3), 3);
    return 16 + tree(from + HIGH, 8);
  }

  function distanceOf(length: number): number {
    const slot = tree(AT.slots + (Math.min(length, 3) << 6), 6);
    if (slot < 4) return slot;
    const bits = (slot >>> 1) - 1;
    const start = (2 | (slot & 1)) * 2 ** bits;
    if (slot < END_POSITION_MODEL) return start + reverseTree(AT.distances + start - slot, bits);
    const upper = directBits(bits - ALIGN_BITS) * 2 ** ALIGN_BITS;
    return start + upper + reverseTree(AT.align, ALIGN_BITS);
  }

  function makeRoom(count: number): void {
    if (written + count <= output.length) return;
    if (written + count > end) throw size === undefined ? tooLarge() : damaged('It goes on behind its size.');
    const larger = new Uint8Array(Math.min(end, Math.max(output.length * 2, written + count)));
    larger.set(output);
    output = larger;
  }

  function literal(state: number, distance: number): void {
    const before = written > 0 ? output[written - 1]! : 0;
    const from = AT.literals + 0x300 * (((written & literalMask) << lc) + (before >>> (8 - lc)));
    let symbol = 1;
    if (state >= 7) {
      if (distance >= written) throw damaged('It points to before its beginning.');
      let match = output[written - distance - 1]!;
      do {
        const expected = (match >>> 7) & 1;
        match <<= 1;
        const one = bit(from + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | one;
        if (expected !== one) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | bit(from + symbol);
    makeRoom(1);
    output[written++] = symbol;
  }

  function copy(distance: number, count: number): void {
    if (distance >= written) throw damaged('It points to before its beginning.');
    makeRoom(count);
    for (let from = written - distance - 1, left = count; left > 0; left--) output[written++] = output[from++]!;
  }

  if (next() !== 0) throw damaged('Its stream does not begin with a zero.');
  for (let i = 0; i < 4; i++) code = ((code << 8) | next()) >>> 0;
  let rep0 = 0;
  let rep1 = 0;
  let rep2 = 0;
  let rep3 = 0;
  let state = 0;
  while (written !== size) {
    const placeState = written & placeMask;
    if (bit(AT.isMatch + (state << 4) + placeState) === 0) {
      literal(state, rep0);
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    if (bit(AT.isRep + state) === 0) {
      rep3 = rep2;
      rep2 = rep1;
      rep1 = rep0;
      const length = lengthOf(AT.matchLengths, placeState);
      rep0 = distanceOf(length);
      if (rep0 === END_MARK) {
        if (size === undefined) break;
        throw damaged('It ends before its size.');
      }
      state = state < 7 ? 7 : 10;
      copy(rep0, length + MIN_MATCH);
      continue;
    }
    if (bit(AT.isRep0 + state) === 0) {
      if (bit(AT.isRep0Long + (state << 4) + placeState) === 0) {
        state = state < 7 ? 9 : 11;
        copy(rep0, 1);
        continue;
      }
    } else {
      let distance = rep1;
      if (bit(AT.isRep1 + state) === 1) {
        distance = rep2;
        if (bit(AT.isRep2 + state) === 1) {
          distance = rep3;
          rep3 = rep2;
        }
        rep2 = rep1;
      }
      rep1 = rep0;
      rep0 = distance;
    }
    const length = lengthOf(AT.repLengths, placeState);
    state = state < 7 ? 8 : 11;
    copy(rep0, length + MIN_MATCH);
  }
  return output.subarray(0, written);
}

function places<K extends string>(sizes: Readonly<Record<K, number>>): Readonly<Record<K, number>> {
  let at = 0;
  const begin = (size: number): number => {
    at += size;
    return at - size;
  };
  return Object.fromEntries(Object.entries<number>(sizes).map(([name, size]) => [name, begin(size)])) as Record<
    K,
    number
  >;
}
