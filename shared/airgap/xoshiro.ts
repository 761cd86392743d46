// xoshiro256** (BCR-2024-001, section 4): the numbers by which both ends agree which fragments a part mixes.
// A sequence for agreement, not for secrecy: nothing that must be random may come from here.
import { sha256Sync } from '../crypto/sha256-stream.ts';

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotateLeft = (value: bigint, bits: bigint): bigint => u64(value << bits) | (value >> (64n - bits));

export class Xoshiro256 {
  #a: bigint;
  #b: bigint;
  #c: bigint;
  #d: bigint;

  /** @param seed any bytes; their SHA-256, read as four big-endian numbers, is the first state */
  constructor(seed: Uint8Array) {
    // Synchronous, unlike WebCrypto: a camera's frames are worked through in a loop.
    const view = new DataView(sha256Sync(seed).buffer);
    this.#a = view.getBigUint64(0);
    this.#b = view.getBigUint64(8);
    this.#c = view.getBigUint64(16);
    this.#d = view.getBigUint64(24);
  }

  /** The next 64 bits. */
  next(): bigint {
    const result = u64(rotateLeft(u64(this.#b * 5n), 7n) * 9n);
    const shifted = u64(this.#b << 17n);
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 45n);
    return result;
  }

  /** From 0 to 1. Rounded to the nearest double, as the reference rounds: 1 itself comes up once in 2^54. */
  nextDouble(): number {
    return Number(this.next()) / 2 ** 64;
  }

  /** A whole number from 0 to `count` - 1. */
  nextBelow(count: number): number {
    return Math.min(Math.floor(this.nextDouble() * count), count - 1);
  }
}
