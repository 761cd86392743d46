// Which fragments a part mixes (BCR-2024-001, section 4): known to both ends from the part's number alone.
import { Xoshiro256 } from './xoshiro.ts';

/** Draws whole numbers with given probabilities: the alias method of Walker and Vose, in the reference's order. */
export class AliasSampler {
  readonly #probabilities: Float64Array;
  readonly #aliases: Uint32Array;

  constructor(weights: readonly number[]) {
    const count = weights.length;
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const scaled = weights.map((weight) => (weight * count) / sum);
    this.#probabilities = new Float64Array(count).fill(1);
    this.#aliases = new Uint32Array(count);
    const small: number[] = [];
    const large: number[] = [];
    const file = (index: number): number => (scaled[index]! < 1 ? small : large).push(index);
    for (let i = count - 1; i >= 0; i--) file(i);
    while (small.length > 0 && large.length > 0) {
      const less = small.pop()!;
      const more = large.pop()!;
      this.#probabilities[less] = scaled[less]!;
      this.#aliases[less] = more;
      scaled[more]! += scaled[less]! - 1;
      file(more);
    }
  }

  /** Takes two numbers from the sequence. */
  next(random: Xoshiro256): number {
    const index = random.nextBelow(this.#probabilities.length);
    return random.nextDouble() < this.#probabilities[index]! ? index : this.#aliases[index]!;
  }
}

/** Answers, for one series, which fragments each of its parts mixes. */
export class FragmentChooser {
  readonly #total: number;
  readonly #checksum: number;
  #degrees: AliasSampler | undefined;

  /**
   * @param total the number of fragments
   * @param checksum the CRC-32 of the whole message
   */
  constructor(total: number, checksum: number) {
    this.#total = total;
    this.#checksum = checksum;
  }

  /**
   * The first `total` parts are the fragments themselves; every later one mixes some, mostly few.
   *
   * @param number the part's number, from 1
   * @returns indexes from 0, each once, in no order
   */
  choose(number: number): number[] {
    if (number <= this.#total) return [number - 1];
    const random = new Xoshiro256(seedOf(number, this.#checksum));
    const remaining = Array.from({ length: this.#total }, (_, index) => index);
    const degree = this.#sampler().next(random) + 1;
    // The reference shuffles all and keeps the first: what comes after the last that is kept need not be drawn.
    return Array.from({ length: degree }, () => remaining.splice(random.nextBelow(remaining.length), 1)[0]!);
  }

  #sampler(): AliasSampler {
    this.#degrees ??= new AliasSampler(Array.from({ length: this.#total }, (_, index) => 1 / (index + 1)));
    return this.#degrees;
  }
}

function seedOf(number: number, checksum: number): Uint8Array {
  const seed = new DataView(new ArrayBuffer(8));
  seed.setUint32(0, number);
  seed.setUint32(4, checksum);
  return new Uint8Array(seed.buffer);
}
