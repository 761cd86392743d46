// The part of deterministic CBOR (RFC 8949, section 4.2.1) that the air gap uses: unsigned integers, byte strings,
// texts, arrays, and maps with unsigned keys. Whatever else CBOR has is refused, and so is any second way of writing.
import { concat } from '../bytes/writer.ts';
import { fromUtf8, toUtf8 } from '../bytes/text.ts';
import { SevError } from '../errors.ts';

export type CborValue = number | Uint8Array | string | readonly CborValue[] | CborMap;
export type CborMap = ReadonlyMap<number, CborValue>;

const UINT = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

/** Deeper than any message here; it bounds the reader's recursion. */
const MAX_DEPTH = 4;

/** Writes one value in the only form that the reader takes. Maps are sorted by their keys. */
export function encodeCbor(value: CborValue): Uint8Array {
  if (typeof value === 'number') return head(UINT, value);
  if (value instanceof Uint8Array) return concat(head(BYTES, value.length), value);
  if (typeof value === 'string') {
    const text = toUtf8(value);
    return concat(head(TEXT, text.length), text);
  }
  if (isArray(value)) return concat(head(ARRAY, value.length), ...value.map(encodeCbor));
  const entries = [...value].sort(([a], [b]) => a - b);
  return concat(head(MAP, value.size), ...entries.flatMap(([key, member]) => [head(UINT, key), encodeCbor(member)]));
}

const isArray = (value: readonly CborValue[] | CborMap): value is readonly CborValue[] => Array.isArray(value);

/** The initial bytes of an item: its major type and its argument in the fewest bytes, big-endian. */
function head(major: number, argument: number): Uint8Array {
  if (!Number.isSafeInteger(argument) || argument < 0) throw new SevError('BYTES_VALUE', { because: `${argument}` });
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  const size = argument <= 0xff ? 0 : argument <= 0xffff ? 1 : argument <= 0xffffffff ? 2 : 3;
  const bytes = new Uint8Array(1 + 2 ** size);
  bytes[0] = (major << 5) | (24 + size);
  for (let i = bytes.length - 1, rest = argument; i > 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}

/**
 * Reads exactly one value, strictly. Nothing is allocated beyond what the bytes themselves hold.
 *
 * @throws SevError BYTES_LENGTH when bytes are missing or left over, BYTES_VALUE when the form is not the deterministic one
 */
export function decodeCbor(bytes: Uint8Array, at = 'cbor'): CborValue {
  const reader = new CborReader(bytes, at);
  const value = reader.value(MAX_DEPTH);
  reader.end();
  return value;
}

class CborReader {
  readonly #bytes: Uint8Array;
  readonly #at: string;
  #offset = 0;

  constructor(bytes: Uint8Array, at: string) {
    this.#bytes = bytes;
    this.#at = at;
  }

  value(depth: number): CborValue {
    if (depth === 0) return this.#refuse('It is nested too deeply.');
    const [major, argument] = this.#head();
    if (major === UINT) return argument;
    if (major === BYTES) return this.#take(argument).slice();
    if (major === TEXT) return this.#text(argument);
    if (major === ARRAY) return this.#items(argument, () => this.value(depth - 1));
    if (major === MAP) return this.#map(argument, depth);
    return this.#refuse(`Items of type ${major} are not used here.`);
  }

  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw new SevError('BYTES_LENGTH', { at: this.#at, because: `${left} bytes are left over.` });
  }

  #text(length: number): string {
    const text = fromUtf8(this.#take(length), this.#at);
    return text === text.normalize('NFC') ? text : this.#refuse('A text is not in normal form C.');
  }

  #map(size: number, depth: number): CborMap {
    let last = -1;
    return new Map(
      this.#items(size, () => {
        const [major, key] = this.#head();
        if (major !== UINT || key <= last) this.#refuse('The keys of a map are not ascending numbers.');
        last = key;
        return [key, this.value(depth - 1)];
      }),
    );
  }

  /** Every item takes at least one byte: a count beyond the bytes that are left is refused before anything is read. */
  #items<T>(count: number, read: () => T): T[] {
    this.#require(count);
    const items: T[] = [];
    while (items.length < count) items.push(read());
    return items;
  }

  /** @returns the major type and the argument, which must be in its shortest form */
  #head(): [major: number, argument: number] {
    const initial = this.#take(1)[0]!;
    const major = initial >> 5;
    const short = initial & 31;
    if (short < 24) return [major, short];
    if (short > 27) return this.#refuse('An item has no definite length.');
    const size = 2 ** (short - 24);
    const argument = this.#take(size).reduce((value, byte) => value * 256 + byte, 0);
    const least = size === 1 ? 24 : 2 ** (4 * size);
    if (argument < least || argument > Number.MAX_SAFE_INTEGER)
      return this.#refuse('A number is not in its shortest form.');
    return [major, argument];
  }

  #take(length: number): Uint8Array {
    this.#require(length);
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  #require(length: number): void {
    if (length <= this.#bytes.length - this.#offset) return;
    throw new SevError('BYTES_LENGTH', { at: this.#at, because: `It ends before its ${length} bytes or items do.` });
  }

  #refuse(because: string): never {
    throw new SevError('BYTES_VALUE', { at: this.#at, because });
  }
}
