// Binary pieces, told apart by what they begin with, or by their size where a format has nothing else to show.
import { SevError } from '../errors.ts';
import { encodeGuid } from '../bytes/guid.ts';
import { ascii, toHex } from '../bytes/text.ts';
import { looksLikeCertificates, readCertificates } from './certificates.ts';
import { MAX_INPUT_BYTES } from './limits.ts';
import type { Piece, PieceKind } from './piece.ts';
import { nameAlone } from '../text/file-name.ts';

const OVMF_FOOTER = encodeGuid('96b582de-1fb2-45f7-baea-a366c55a082d');
/** Firmware from before the table of GUIDs ends with the SEV-ES reset block itself. */
const OVMF_RESET_BLOCK = encodeGuid('00f771de-1a7e-4fcb-890e-68c77e2fb44e');
/** Every firmware volume of UEFI carries this, variable stores too: what kind of file it is, the guest image's own reader says. */
const FIRMWARE_VOLUME_OFFSET = 40;
const QCOW2 = Uint8Array.of(0x51, 0x46, 0x49, 0xfb);
const KERNEL_MAGIC_OFFSET = 0x202;

/** EC private keys in DER: SEC 1 as sevctl writes it, and PKCS #8; both on secp384r1, with and without the public key. */
const SECP384R1 = Uint8Array.of(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22);
const MAX_KEY_SIZE = 256;

/** Formats without a mark of their own: nothing but the size tells them. */
const BY_SIZE: Readonly<
  Record<number, Extract<PieceKind, 'hash' | 'launch-measure' | 'packet-header' | 'session' | 'attestation-report'>>
> = {
  32: 'hash',
  48: 'launch-measure',
  52: 'packet-header',
  128: 'session',
  208: 'attestation-report',
};
const CHIP_ID_SIZE = 64;

const hasAt = (bytes: Uint8Array, offset: number, mark: Uint8Array): boolean =>
  offset >= 0 && mark.every((byte, i) => bytes[offset + i] === byte);

/** Files that may be large: only their marks are looked at, and their bytes are not copied. */
export function readLargeFile(bytes: Uint8Array, source: string): Piece | undefined {
  const footer = bytes.length - 48;
  const isOvmf = hasAt(bytes, footer, OVMF_FOOTER) || hasAt(bytes, footer, OVMF_RESET_BLOCK);
  if (isOvmf || hasAt(bytes, FIRMWARE_VOLUME_OFFSET, ascii('_FVH'))) {
    return { kind: 'guest-image', bytes, source };
  }
  if (hasAt(bytes, KERNEL_MAGIC_OFFSET, ascii('HdrS'))) return { kind: 'kernel', bytes, source };
  return hasAt(bytes, 0, QCOW2) ? { kind: 'qcow2', bytes, source } : undefined;
}

/**
 * Reads what is plain binary.
 * @returns no pieces when nothing is recognised
 * @throws SevError when it is recognised and malformed
 */
export async function readBinary(bytes: Uint8Array, source: string): Promise<Piece[]> {
  if (bytes.length > MAX_INPUT_BYTES) throw new SevError('BYTES_TOO_LARGE', { at: source });
  if (looksLikeCertificates(bytes)) return readCertificates(bytes, source);
  if (bytes.length === CHIP_ID_SIZE) return [{ kind: 'chip-id', id: toHex(bytes), socket: socketOf(source), source }];
  if (isEcPrivateKey(bytes)) return [{ kind: 'private-key', bytes: bytes.slice(), source }];
  const kind = BY_SIZE[bytes.length];
  return kind ? [{ kind, bytes: bytes.slice(), source }] : [];
}

/** Raw keys have nothing but their tools' file names to be known by: sevctl's NAME_tik.bin, sev-tool's tmp_tk.bin. */
export function readTransportKey(bytes: Uint8Array, source: string): Piece | undefined {
  const isKey =
    (bytes.length === 16 && /(?:^|[_.-])t[ei]k\b/i.test(nameAlone(source))) ||
    (bytes.length === 32 && /(?:^|[_.-])tk\b/i.test(nameAlone(source)));
  return isKey ? { kind: 'transport-key', bytes: bytes.slice(), source } : undefined;
}

/** sev-tool names its files getid_s0_out.txt and getid_s1_out.txt; QMP's member is cpu0-id. */
const socketOf = (source: string): 0 | 1 | undefined => {
  const digit = /(?:_s|cpu)([01])/i.exec(nameAlone(source))?.[1];
  return digit === undefined ? undefined : digit === '0' ? 0 : 1;
};

/** A DER sequence that holds version 0 or 1 and names the curve. */
const isEcPrivateKey = (bytes: Uint8Array): boolean =>
  bytes.length <= MAX_KEY_SIZE &&
  bytes[0] === 0x30 &&
  [2, 3].some((i) => bytes[i] === 0x02 && bytes[i + 1] === 1 && bytes[i + 2]! <= 1) &&
  Array.from(bytes.keys()).some((offset) => hasAt(bytes, offset, SECP384R1));
