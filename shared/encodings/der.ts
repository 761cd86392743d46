// As much of DER as an EC private key needs: definite lengths, one-byte tags, nothing left over.
import { SevError } from '../errors.ts';
import { concat } from '../bytes/writer.ts';

export const DER = { integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, sequence: 0x30 };
/** A constructed context tag: [0], [1]. */
export const derContext = (tag: number): number => 0xa0 + tag;

export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
}

/**
 * Reads one value after the other to the end of the bytes. The contents are views, not copies: keys lie in them.
 * @throws SevError CERT_PEM; it never quotes what it read
 */
export function readDer(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const [length, header] = readLength(bytes.subarray(offset + 1));
    const start = offset + 1 + header;
    if (start + length > bytes.length) throw malformed();
    values.push({ tag: bytes[offset]!, content: bytes.subarray(start, start + length) });
    offset = start + length;
  }
  return values;
}

/** The length, and how many bytes it took: one, or two for 128 to 255, or three. Longer forms than needed are refused. */
function readLength(bytes: Uint8Array): [number, number] {
  const [first, second, third] = bytes;
  if (first === undefined) throw malformed();
  if (first < 0x80) return [first, 1];
  if (first === 0x81 && second !== undefined && second >= 0x80) return [second, 2];
  if (first === 0x82 && second !== undefined && second > 0 && third !== undefined) return [(second << 8) | third, 3];
  throw malformed();
}

/** Writes one value of at most 65,535 bytes. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concat(...contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.of(tag, ...size), content);
}

export const malformed = (): SevError => new SevError('CERT_PEM');
