// How the AMD-SP opens a launch session: the platform's half of SEV API sections 2.2 and 6.2, written from the
// specification alone and sharing nothing with the code that makes sessions.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../bytes/equal.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ascii } from '../bytes/text.ts';
import { ByteWriter, concat } from '../bytes/writer.ts';
import { aesCtr, importCipherKey } from '../crypto/mac.ts';
import { requireThat, STATUS } from './failure.ts';

/** The guest's transport keys as the AMD-SP holds them: 16 raw bytes each. */
export interface TransportKeys {
  readonly tek: Uint8Array;
  readonly tik: Uint8Array;
}

const KEY_SIZE = 16;
const SESSION_SIZE = 128;
const HASH_SIZE = 32;

export const hmacSha256 = (key: Uint8Array, message: Uint8Array): Uint8Array => hmac(sha256, key, message);

/**
 * The KDF of section 2.2: NIST SP 800-108 in counter mode; block i is
 * HMAC(key, LE32(i) | label | 0x00 | context | LE32(size in bits)).
 */
export function kdf(key: Uint8Array, label: string, context: Uint8Array, size: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(size / HASH_SIZE) }, (_, i) => {
    const message = new ByteWriter()
      .u32(i + 1)
      .bytes(ascii(label))
      .u8(0)
      .bytes(context)
      .u32(size * 8);
    return hmacSha256(key, message.finish());
  });
  return concat(...blocks).slice(0, size);
}

/**
 * Opens a session blob as LAUNCH_START does: checks wrap_mac, unwraps TEK and TIK, checks policy_mac.
 *
 * @param z the ECDH secret between the platform's PDH and the GODH, 48 bytes
 * @param session 128 bytes: nonce 16, wrap_tk 32, wrap_iv 16, wrap_mac 32, policy_mac 32
 * @throws AmdSpFailure INVALID_LENGTH; BAD_MEASUREMENT for another PDH, a damaged blob or another policy
 */
export async function openSession(z: Uint8Array, session: Uint8Array, policy: number): Promise<TransportKeys> {
  requireThat(session.length === SESSION_SIZE, STATUS.INVALID_LENGTH, 'The session blob does not have 128 bytes.');
  const reader = new ByteReader(session, 'session');
  const nonce = reader.take(16, 'nonce');
  const wrapTk = reader.take(32, 'wrapTk');
  const wrapIv = reader.take(16, 'wrapIv');
  const wrapMac = reader.take(HASH_SIZE, 'wrapMac');
  const policyMac = reader.take(HASH_SIZE, 'policyMac');

  const master = kdf(z, 'sev-master-secret', nonce, KEY_SIZE);
  const kik = kdf(master, 'sev-kik', new Uint8Array(), KEY_SIZE);
  requireThat(equalBytes(hmacSha256(kik, wrapTk), wrapMac), STATUS.BAD_MEASUREMENT, 'The wrap MAC is wrong.');

  const kek = kdf(master, 'sev-kek', new Uint8Array(), KEY_SIZE);
  const unwrapped = await aesCtr(await importCipherKey(kek), wrapIv, wrapTk);
  const keys = { tek: unwrapped.slice(0, KEY_SIZE), tik: unwrapped.slice(KEY_SIZE) };
  const policyBytes = new ByteWriter(4).u32(policy).finish();
  requireThat(
    equalBytes(hmacSha256(keys.tik, policyBytes), policyMac),
    STATUS.BAD_MEASUREMENT,
    'The policy MAC is wrong: the session was made for another policy.',
  );
  return keys;
}
