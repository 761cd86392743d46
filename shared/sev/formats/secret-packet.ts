// The header of a secret packet: what LAUNCH_SECRET needs besides the encrypted payload. SEV API, 6.6, table 55.
import { SevError } from '../../errors.ts';
import { ByteReader, requireLength } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';

export const PACKET_HEADER_SIZE = 52;
/** Bit 0 of the flags; no tool and no guest uses it. */
const COMPRESSED = 1;

export interface SecretPacketHeader {
  readonly compressed: boolean;
  /** 16 bytes: the first counter block of the payload's encryption. */
  readonly iv: Uint8Array;
  /** HMAC under the TIK, 32 bytes. */
  readonly mac: Uint8Array;
}

/**
 * @param bytes exactly 52 bytes: flags LE32, IV, MAC
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED
 */
export function parsePacketHeader(bytes: Uint8Array, at = 'header'): SecretPacketHeader {
  requireLength(bytes, PACKET_HEADER_SIZE, at);
  const reader = new ByteReader(bytes, at);
  const flags = reader.u32('flags');
  if ((flags & ~COMPRESSED) !== 0) throw new SevError('BYTES_RESERVED', { at: `${at}.flags` });
  return { compressed: flags === COMPRESSED, iv: reader.take(16, 'iv'), mac: reader.take(32, 'mac') };
}

/** @throws SevError BYTES_LENGTH when a field is too long or too short */
export function encodePacketHeader(header: SecretPacketHeader, at = 'header'): Uint8Array {
  const writer = new ByteWriter(PACKET_HEADER_SIZE).u32(header.compressed ? COMPRESSED : 0);
  const bytes = writer.bytes(header.iv).bytes(header.mac).finish();
  requireLength(bytes, PACKET_HEADER_SIZE, at);
  return bytes;
}
