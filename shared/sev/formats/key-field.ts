// The public key of a SEV certificate as bytes, by which two copies of one key are told from two keys.
import { toHex } from '../../bytes/text.ts';
import { sha256 } from '../../crypto/subtle.ts';
import type { SevCert } from './sev-cert.ts';
import { SEV_CERT_SIGNED_SIZE } from './sizes.ts';

/** Usage and algorithm stand before the key field. SEV API, appendix C.1. */
const USAGE_START = 0x008;
const KEY_START = 0x010;

/** The public key field, bytes 0x010 to 0x413: 1,028 bytes. @param cert 2,084 bytes */
export const publicKeyField = (cert: Uint8Array): Uint8Array => cert.slice(KEY_START, SEV_CERT_SIGNED_SIZE);

/** Usage, algorithm and public key, bytes 0x008 to 0x413: what two copies of one CEK have in common. */
export const keyWithItsUse = (cert: Uint8Array): Uint8Array => cert.slice(USAGE_START, SEV_CERT_SIGNED_SIZE);

/** Who owns a platform: SHA-256 of the whole public key field of its OCA, in hex. */
export const ownerKeySha256 = async ({ bytes }: Pick<SevCert, 'bytes'>): Promise<string> =>
  toHex(await sha256(publicKeyField(bytes)));
