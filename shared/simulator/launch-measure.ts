// The AMD-SP's side of LAUNCH_MEASURE and LAUNCH_SECRET: MACs under the TIK, secrets under the TEK.
import { equalBytes } from '../bytes/equal.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { aesCtr, importCipherKey } from '../crypto/mac.ts';
import { requireThat, STATUS } from './failure.ts';
import { hmacSha256, type TransportKeys } from './transport-keys.ts';

/** The firmware version that takes part in a measure. */
export interface ApiVersion {
  readonly apiMajor: number;
  readonly apiMinor: number;
  readonly build: number;
}

/** From API 0.17 on, version and measure are part of the MACs. */
const isBound = (version: ApiVersion): boolean => version.apiMajor > 0 || version.apiMinor >= 17;

/**
 * HMAC-SHA-256(TIK, 0x04 | API major | API minor | build | policy LE32 | digest | mnonce); before API 0.17 without
 * its first four bytes. SEV API, section 6.5.
 * @returns 32 bytes
 */
export function measureOf(
  version: ApiVersion,
  tik: Uint8Array,
  launch: { readonly policy: number; readonly digest: Uint8Array; readonly mnonce: Uint8Array },
): Uint8Array {
  const message = new ByteWriter();
  if (isBound(version)) message.u8(0x04).u8(version.apiMajor).u8(version.apiMinor).u8(version.build);
  message.u32(launch.policy).bytes(launch.digest).bytes(launch.mnonce);
  return hmacSha256(tik, message.finish());
}

/** A secret packet as the host hands it over. */
export interface IncomingPacket {
  /** 52 bytes: flags LE32, IV 16, MAC 32. */
  readonly header: Uint8Array;
  /** Encrypted; its length is the transport length. */
  readonly payload: Uint8Array;
  /** The length of the target in guest memory. */
  readonly guestLength: number;
}

const HEADER_SIZE = 52;
const MAX_PACKET = 16_384;
const COMPRESSED = 1;

/**
 * Opens a packet as LAUNCH_SECRET does: checks the MAC over this launch's own measure, then decrypts. Section 6.6.
 * @returns the plaintext that lands in guest memory
 * @throws AmdSpFailure INVALID_LENGTH, BAD_MEASUREMENT, UNSUPPORTED (compressed), INVALID_PARAM (other flags)
 */
export async function openPacket(
  version: ApiVersion,
  keys: TransportKeys,
  measure: Uint8Array,
  packet: IncomingPacket,
): Promise<Uint8Array> {
  const { header, payload, guestLength } = packet;
  requireThat(header.length === HEADER_SIZE, STATUS.INVALID_LENGTH, 'The packet header does not have 52 bytes.');
  const fits = payload.length > 0 && payload.length % 16 === 0 && payload.length <= MAX_PACKET;
  requireThat(fits, STATUS.INVALID_LENGTH, 'The payload is not a multiple of 16 bytes up to 16,384.');

  const reader = new ByteReader(header, 'header');
  const flags = reader.u32('flags');
  const iv = reader.take(16, 'iv');
  const mac = reader.take(32, 'mac');
  const message = new ByteWriter(payload.length + 64)
    .u8(0x01)
    .u32(flags)
    .bytes(iv)
    .u32(guestLength)
    .u32(payload.length)
    .bytes(payload);
  if (isBound(version)) message.bytes(measure);
  const right = equalBytes(hmacSha256(keys.tik, message.finish()), mac);
  requireThat(right, STATUS.BAD_MEASUREMENT, "The packet's MAC is wrong.");

  requireThat((flags & COMPRESSED) === 0, STATUS.UNSUPPORTED, 'Compressed packets are not supported.');
  requireThat(flags === 0, STATUS.INVALID_PARAM, 'A reserved flag of the packet is set.');
  requireThat(guestLength === payload.length, STATUS.INVALID_LENGTH, 'The lengths of the packet differ.');
  return aesCtr(await importCipherKey(keys.tek), iv, payload);
}
