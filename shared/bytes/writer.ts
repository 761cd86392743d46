// The mirror of the reader: writes little-endian fields into one growing byte string.
import { SevError } from '../errors.ts';

/** Writes fields one after the other. Integers are little-endian, as in every SEV structure. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(sizeHint = 256) {
    this.#bytes = new Uint8Array(sizeHint);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#view(1).setUint8(0, inRange(value, 0xff));
    return this;
  }

  u16(value: number): this {
    this.#view(2).setUint16(0, inRange(value, 0xffff), true);
    return this;
  }

  u32(value: number): this {
    this.#view(4).setUint32(0, inRange(value, 0xffffffff), true);
    return this;
  }

  u64(value: bigint): this {
    this.#view(8).setBigUint64(0, value, true);
    return this;
  }

  bytes(value: Uint8Array): this {
    const view = this.#view(value.length);
    new Uint8Array(view.buffer, view.byteOffset, value.length).set(value);
    return this;
  }

  /** Writes a value and fills up with zeros to the field's size. */
  padded(value: Uint8Array, size: number): this {
    if (value.length > size)
      throw new SevError('BYTES_LENGTH', { because: `${value.length} bytes in a field of ${size}.` });
    return this.bytes(value).zeros(size - value.length);
  }

  zeros(length: number): this {
    this.#view(length);
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #view(length: number): DataView {
    const end = this.#length + length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    const view = new DataView(this.#bytes.buffer, this.#length, length);
    this.#length = end;
    return view;
  }
}

function inRange(value: number, max: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new SevError('BYTES_VALUE', { because: `${value} does not fit into 0–${max}.` });
}

/** Joins byte strings into a new one. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
