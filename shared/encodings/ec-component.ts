// EC components: the 72-byte little-endian numbers in which AMD stores coordinates and ECDSA's r and s, in SEV and SNP alike.
import { reversed } from '../bytes/equal.ts';
import { requireLength, type ByteReader } from '../bytes/reader.ts';
import type { ByteWriter } from '../bytes/writer.ts';

export const EC_COMPONENT_SIZE = 72;
/** A number of P-384 fills 48 of the 72 bytes; the 24 high bytes are zero. */
const P384_SIZE = 48;

/**
 * Reads one component of P-384.
 * @returns the number, 48 bytes, big-endian
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED when one of the 24 high bytes is not zero
 */
export function readEcComponent(reader: ByteReader, field: string): Uint8Array {
  const number = reversed(reader.take(P384_SIZE, field));
  reader.zeros(EC_COMPONENT_SIZE - P384_SIZE, `${field}.high`);
  return number;
}

/** Writes one component of P-384, given as 48 bytes, big-endian. */
export function writeEcComponent(writer: ByteWriter, number: Uint8Array): void {
  requireLength(number, P384_SIZE, 'component');
  writer.padded(reversed(number), EC_COMPONENT_SIZE);
}
