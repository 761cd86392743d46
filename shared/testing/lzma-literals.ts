// An LZMA encoder that writes nothing but literals: enough to pack firmware for tests, and sharing nothing with the decoder.
import { ByteWriter, concat } from '../bytes/writer.ts';

/** A whole `.lzma` of these bytes, with lc=3, lp=0, pb=2. */
export function lzmaForTests(bytes: Uint8Array): Uint8Array {
  const coder = new RangeCoder();
  const isMatch = new Array<number>(4).fill(1024);
  const literals = new Array<number>(0x300 * 8).fill(1024);
  bytes.forEach((byte, i) => {
    coder.bit(isMatch, i & 3, 0);
    const from = 0x300 * ((bytes[i - 1] ?? 0) >>> 5);
    for (let symbol = 1, at = 7; at >= 0; at--) {
      const one = (byte >>> at) & 1;
      coder.bit(literals, from + symbol, one);
      symbol = symbol * 2 + one;
    }
  });
  const header = new ByteWriter()
    .bytes(Uint8Array.of(0x5d))
    .u32(1 << 16)
    .u32(bytes.length)
    .u32(0)
    .finish();
  return concat(header, coder.finish());
}

class RangeCoder {
  readonly #out: number[] = [];
  #low = 0n;
  #range = 0xffff_ffffn;
  #cache = 0n;
  #pending = 1;

  bit(chances: number[], index: number, one: number): void {
    const chance = chances[index]!;
    const bound = (this.#range >> 11n) * BigInt(chance);
    if (one === 0) {
      this.#range = bound;
      chances[index] = chance + ((2048 - chance) >> 5);
    } else {
      this.#low += bound;
      this.#range -= bound;
      chances[index] = chance - (chance >> 5);
    }
    while (this.#range < 1n << 24n) {
      this.#range = (this.#range << 8n) & 0xffff_ffffn;
      this.#shift();
    }
  }

  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.#shift();
    return Uint8Array.from(this.#out);
  }

  #shift(): void {
    if (this.#low < 0xff00_0000n || this.#low >= 1n << 32n) {
      const carry = this.#low >> 32n;
      for (let byte = this.#cache; this.#pending > 0; this.#pending--, byte = 0xffn)
        this.#out.push(Number((byte + carry) & 0xffn));
      this.#cache = (this.#low >> 24n) & 0xffn;
    }
    this.#pending++;
    this.#low = (this.#low & 0xff_ffffn) << 8n;
  }
}
