// Authenticated boxes: bytes at rest under a key that no script can read out. AES-256-GCM.
import { toUtf8 } from '../../shared/bytes/text.ts';
import { type CryptoKey, subtle, webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { type ErrorCode, SevError } from '../../shared/errors.ts';

export interface Box {
  /** 12 bytes, never used twice. */
  readonly iv: Uint8Array;
  /** Ciphertext and tag. */
  readonly data: Uint8Array;
}

const IV_SIZE = 12;
const gcm = (iv: Uint8Array, purpose: string) => ({ name: 'AES-GCM', iv, additionalData: toUtf8(purpose) });

/** @param raw 32 bytes; the caller wipes them */
export const importBoxKey = (raw: Uint8Array): Promise<CryptoKey> =>
  subtle.importKey('raw', raw, { name: 'AES-GCM' }, false, ['encrypt', 'decrypt']);

/** @param purpose what the bytes are; the box opens for nothing else */
export async function seal(key: CryptoKey, plain: Uint8Array, purpose: string): Promise<Box> {
  const iv = webCryptoRandom(IV_SIZE);
  return { iv, data: new Uint8Array(await subtle.encrypt(gcm(iv, purpose), key, plain)) };
}

/**
 * @returns the bytes, which the caller wipes
 * @throws SevError `otherwise`, when the key is another or the box was changed
 */
export async function open(
  key: CryptoKey,
  { iv, data }: Box,
  purpose: string,
  otherwise: ErrorCode = 'VAULT_RECORD',
): Promise<Uint8Array> {
  try {
    return new Uint8Array(await subtle.decrypt(gcm(iv, purpose), key, data));
  } catch (cause) {
    throw new SevError(otherwise, { cause });
  }
}
