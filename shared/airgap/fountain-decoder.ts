// Puts a message together from whichever of its parts arrive. Every part is one linear equation over GF(2) for the fragments;
// solving them by elimination needs fewer parts than the reference's peeling, and reads the same ones.
import { concat } from '../bytes/writer.ts';
import { crc32 } from '../bytes/crc32.ts';
import { isZero } from '../bytes/equal.ts';
import { SevError } from '../errors.ts';
import { xorInto } from './fountain-encoder.ts';
import { FragmentChooser } from './fragment-chooser.ts';
import type { Part } from './part.ts';

/** The sum of some fragments, and which these are: bit i of `mask` stands for fragment i. */
interface Row {
  readonly mask: Uint32Array;
  readonly data: Uint8Array;
}

const has = (mask: Uint32Array, index: number): boolean => ((mask[index >> 5]! >>> (index & 31)) & 1) === 1;

/** Collects the parts of one series. All that it ever holds is bounded by its first part's numbers. */
export class FountainDecoder {
  readonly total: number;
  readonly #messageLength: number;
  readonly #checksum: number;
  readonly #chooser: FragmentChooser;
  /** Row i has no bit below i: what is left of a part once all lower rows were taken out of it. */
  #rows: (Row | undefined)[] = [];
  #received = 0;
  #message: Uint8Array | undefined;

  constructor(first: Part) {
    this.total = first.total;
    this.#messageLength = first.messageLength;
    this.#checksum = first.checksum;
    this.#chooser = new FragmentChooser(first.total, first.checksum);
  }

  /** How many independent parts have arrived; with `total` of them the message is there. */
  get received(): number {
    return this.#received;
  }

  get message(): Uint8Array | undefined {
    return this.#message;
  }

  /**
   * Takes a part of this series.
   *
   * @returns whether it brought anything new
   * @throws SevError BYTES_CHECKSUM when it contradicts the others, or when all together they are not what the sender summed up
   */
  add(part: Part): boolean {
    if (this.#message) return false;
    const row = this.#reduce({ mask: this.#maskOf(part.number), data: part.data.slice() });
    if (!row) return false;
    this.#received++;
    if (this.#received === this.total) this.#message = this.#solve();
    return true;
  }

  #maskOf(number: number): Uint32Array {
    const mask = new Uint32Array(Math.ceil(this.total / 32));
    for (const index of this.#chooser.choose(number)) mask[index >> 5]! |= 1 << (index & 31);
    return mask;
  }

  /** Takes every known row out of a new one, and files what is left. */
  #reduce(row: Row): Row | undefined {
    for (let i = 0; i < this.total; i++) {
      if (!has(row.mask, i)) continue;
      const known = this.#rows[i];
      if (!known) return (this.#rows[i] = row);
      xorInto(row.mask, known.mask);
      xorInto(row.data, known.data);
    }
    if (isZero(row.data)) return undefined;
    throw new SevError('BYTES_CHECKSUM', { because: 'This code contradicts those before it.' });
  }

  #solve(): Uint8Array {
    const rows = this.#rows as Row[];
    for (let i = this.total - 1; i > 0; i--) {
      for (let above = 0; above < i; above++) {
        if (has(rows[above]!.mask, i)) xorInto(rows[above]!.data, rows[i]!.data);
      }
    }
    const padded = concat(...rows.map((row) => row.data));
    const message = padded.slice(0, this.#messageLength);
    if (crc32(message) === this.#checksum && isZero(padded.subarray(this.#messageLength))) return message;
    // A forged part cannot be told from the others: all are dropped, and the sender's endless series fills them anew.
    this.#rows = [];
    this.#received = 0;
    throw new SevError('BYTES_CHECKSUM', { because: 'Its codes do not belong together.' });
  }
}
