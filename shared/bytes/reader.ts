// A cursor over bytes that knows which field it is reading, so that every refusal names its place.
import { SevError } from '../errors.ts';
import { firstNonzero } from './equal.ts';

/**
 * Reads little-endian fields from a byte string, strictly: nothing beyond the end, and nothing left over.
 * Field paths are joined with dots: `pek.signature1.r`.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly at: string;
  #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array, at = '') {
    // Node's Buffer is a Uint8Array whose slice() is no copy: what was taken would change with its source.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.bytes.length - this.#offset;
  }

  /** The full path of a field of this reader. */
  path(field: string): string {
    return [this.at, field].filter(Boolean).join('.');
  }

  /**
   * Takes the next bytes as a copy, so that a parsed value never changes with its source.
   * @throws SevError BYTES_LENGTH when fewer are left
   */
  take(length: number, field: string): Uint8Array {
    return this.bytes.slice(this.#advance(length, field), this.#offset);
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#advance(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#advance(2, field), true);
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#advance(4, field), true);
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#advance(8, field), true);
  }

  /** @throws SevError BYTES_RESERVED when any of the next bytes is not zero */
  zeros(length: number, field: string): void {
    const start = this.#advance(length, field);
    const stray = firstNonzero(this.bytes.subarray(start, this.#offset));
    if (stray < 0) return;
    throw new SevError('BYTES_RESERVED', {
      at: this.path(field),
      because: `Byte 0x${(start + stray).toString(16)} is not zero.`,
    });
  }

  /** @throws SevError BYTES_LENGTH when bytes are left over */
  end(): void {
    if (this.remaining === 0) return;
    throw new SevError('BYTES_LENGTH', {
      at: this.at,
      because: `${this.remaining} bytes are left over after ${this.#offset}.`,
    });
  }

  #advance(length: number, field: string): number {
    if (length > this.remaining) {
      throw new SevError('BYTES_LENGTH', {
        at: this.path(field),
        because: `${this.bytes.length} bytes; this field ends at ${this.#offset + length}.`,
      });
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}

/**
 * Refuses a blob whose length is not exactly the expected one.
 * @throws SevError BYTES_LENGTH
 */
export function requireLength(bytes: Uint8Array, length: number, at: string): void {
  if (bytes.length === length) return;
  throw new SevError('BYTES_LENGTH', { at, because: `${bytes.length} bytes instead of ${length}.` });
}
