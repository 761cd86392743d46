// Cuts a message into fragments and lays them over one another, part after part (BCR-2024-001, section 5).
import { crc32 } from '../bytes/crc32.ts';
import { FragmentChooser } from './fragment-chooser.ts';
import type { Part } from './part.ts';

/** Makes any part of one message. */
export class FountainEncoder {
  readonly total: number;
  readonly #messageLength: number;
  readonly #fragmentLength: number;
  readonly #checksum: number;
  readonly #padded: Uint8Array;
  readonly #chooser: FragmentChooser;

  /** @param maxFragmentBytes the fragments get as equal as this allows */
  constructor(message: Uint8Array, maxFragmentBytes: number) {
    const count = Math.ceil(message.length / maxFragmentBytes);
    this.#messageLength = message.length;
    this.#fragmentLength = Math.ceil(message.length / count);
    this.total = Math.ceil(message.length / this.#fragmentLength);
    this.#checksum = crc32(message);
    this.#padded = new Uint8Array(this.total * this.#fragmentLength);
    this.#padded.set(message);
    this.#chooser = new FragmentChooser(this.total, this.#checksum);
  }

  /** @param number from 1, without an end */
  part(number: number): Part {
    const data = new Uint8Array(this.#fragmentLength);
    for (const index of this.#chooser.choose(number)) xorInto(data, this.#fragment(index));
    return { number, total: this.total, messageLength: this.#messageLength, checksum: this.#checksum, data };
  }

  #fragment(index: number): Uint8Array {
    return this.#padded.subarray(index * this.#fragmentLength, (index + 1) * this.#fragmentLength);
  }
}

/** Lays `source` over `target`, which changes; both have the same length. */
export function xorInto(target: Uint8Array | Uint32Array, source: Uint8Array | Uint32Array): void {
  for (let i = 0; i < target.length; i++) target[i]! ^= source[i]!;
}
