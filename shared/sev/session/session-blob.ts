// Wrapping the transport keys for one platform: the cryptography of the session blob. SEV API, section 6.2.
import { SevError } from '../../errors.ts';
import { concat } from '../../bytes/writer.ts';
import { le32 } from '../../bytes/number.ts';
import { deriveWrappingKeys } from '../../crypto/kdf.ts';
import { aesCtr, importCipherKey, importMacKey, mac, verifyMac } from '../../crypto/mac.ts';
import type { CryptoKey } from '../../crypto/subtle.ts';
import { encodeLaunchSession, parseLaunchSession } from '../formats/launch-session.ts';

/** TEK and TIK, 16 raw bytes each. They exist in clear only while a session is made; then they are wiped. */
export interface RawTransportKeys {
  readonly tek: Uint8Array;
  readonly tik: Uint8Array;
}

/** What a session blob is made of: all of it random and fresh, but the policy and Z. */
export interface SessionBlobParts {
  /** Z, the shared secret between GODH and PDH: 48 bytes, big-endian. */
  readonly sharedSecret: Uint8Array;
  readonly raw: RawTransportKeys;
  readonly nonce: Uint8Array;
  readonly wrapIv: Uint8Array;
  readonly policy: number;
}

/** @returns the session blob, 128 bytes */
export async function sealSessionBlob(parts: SessionBlobParts): Promise<Uint8Array> {
  const { nonce, wrapIv, policy, raw } = parts;
  const { kek, kik } = await importWrappingKeys(parts.sharedSecret, nonce);
  const plain = concat(raw.tek, raw.tik);
  try {
    const wrapTk = await aesCtr(kek, wrapIv, plain);
    const wrapMac = await mac(kik, wrapTk);
    const policyMac = await mac(await importMacKey(raw.tik), le32(policy));
    return encodeLaunchSession({ nonce, wrapTk, wrapIv, wrapMac, policyMac });
  } finally {
    plain.fill(0);
  }
}

/**
 * Opens a session blob in the AMD-SP's order: wrap MAC, unwrapping, policy MAC. The maker's last look at what it made.
 * @returns the raw keys, for the caller to wipe
 * @throws SevError BYTES_LENGTH, MEASURE_SESSION_BLOB
 */
export async function openSessionBlob(
  sharedSecret: Uint8Array,
  blob: Uint8Array,
  policy: number,
): Promise<RawTransportKeys> {
  const { nonce, wrapTk, wrapIv, wrapMac, policyMac } = parseLaunchSession(blob);
  const { kek, kik } = await importWrappingKeys(sharedSecret, nonce);
  if (!(await verifyMac(kik, wrapTk, wrapMac))) throw new SevError('MEASURE_SESSION_BLOB', { at: 'session.wrapMac' });
  const plain = await aesCtr(kek, wrapIv, wrapTk);
  const raw = { tek: plain.slice(0, 16), tik: plain.slice(16) };
  plain.fill(0);
  if (await verifyMac(await importMacKey(raw.tik), le32(policy), policyMac)) return raw;
  wipeTransportKeys(raw);
  throw new SevError('MEASURE_SESSION_BLOB', { at: 'session.policyMac' });
}

/** Whether a session blob was made with this TIK for this policy; all that can be told without the GODH's key. */
export const sessionFitsPolicy = (blob: Uint8Array, tik: CryptoKey, policy: number): Promise<boolean> =>
  verifyMac(tik, le32(policy), parseLaunchSession(blob).policyMac);

export function wipeTransportKeys({ tek, tik }: RawTransportKeys): void {
  tek.fill(0);
  tik.fill(0);
}

async function importWrappingKeys(sharedSecret: Uint8Array, nonce: Uint8Array) {
  const raw = await deriveWrappingKeys(sharedSecret, nonce);
  try {
    return { kek: await importCipherKey(raw.kek), kik: await importMacKey(raw.kik) };
  } finally {
    raw.kek.fill(0);
    raw.kik.fill(0);
  }
}
