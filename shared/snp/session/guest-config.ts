// What binds a disk to an SNP launch: two lines that name the hash of its LUKS2 header, whose own hash is the launch's HOST_DATA.
// SNP secret delivery, part 2.
import { SevError } from '../../errors.ts';
import { fromHex, fromUtf8, toHex, toUtf8 } from '../../bytes/text.ts';
import { requireLength } from '../../bytes/reader.ts';
import { sha256 } from '../../crypto/subtle.ts';

const MAGIC = 'snp-guest-1';
/** Whole pages: the agent copies the header in blocks of 4,096 bytes. */
const BLOCK = 4096;
/** LUKS2 allows up to 4 MiB for each of two headers, and 128 MiB of key slots behind them. */
const MAX_HEADER_BYTES = 256 << 20;
/** Far more than both lines have. */
export const MAX_CONFIG_BYTES = 4096;

export interface GuestConfig {
  /** SHA-256 of the first `headerBytes` bytes of the disk, 32 bytes. */
  readonly headerSha256: Uint8Array;
  /** Up to the data offset; a multiple of 4,096. */
  readonly headerBytes: number;
}

/** @throws SevError BYTES_LENGTH, SNP_SECRET_CONFIG */
export function encodeGuestConfig({ headerSha256, headerBytes }: GuestConfig): Uint8Array {
  requireLength(headerSha256, 32, 'config.header');
  requireHeaderBytes(headerBytes, 'config.header');
  return toUtf8(`${MAGIC}\nheader ${toHex(headerSha256)} ${headerBytes}\n`);
}

/**
 * Reads the two lines, strictly as they are written.
 * @throws SevError BYTES_TOO_LARGE, BYTES_ENCODING, SNP_SECRET_CONFIG
 */
export function parseGuestConfig(bytes: Uint8Array, at = 'config'): GuestConfig {
  if (bytes.length > MAX_CONFIG_BYTES) throw new SevError('BYTES_TOO_LARGE', { at });
  const found = /^snp-guest-1\nheader ([0-9a-f]{64}) ([1-9][0-9]{0,9})\n$/.exec(fromUtf8(bytes));
  if (!found) throw new SevError('SNP_SECRET_CONFIG', { at });
  const headerBytes = Number(found[2]);
  requireHeaderBytes(headerBytes, at);
  return { headerSha256: fromHex(found[1]!), headerBytes };
}

/** HOST_DATA of a launch with this configuration: SHA-256 of its bytes, 32 bytes. */
export const hostDataOf = (config: Uint8Array): Promise<Uint8Array> => sha256(config);

function requireHeaderBytes(bytes: number, at: string): void {
  if (Number.isInteger(bytes) && bytes > 0 && bytes % BLOCK === 0 && bytes <= MAX_HEADER_BYTES) return;
  throw new SevError('SNP_SECRET_CONFIG', { at, because: `The header has ${bytes} bytes.` });
}
