// The key derivation of SEV: NIST SP 800-108 in counter mode with HMAC-SHA-256, all integers little-endian.
import { concat } from '../bytes/writer.ts';
import { ascii } from '../bytes/text.ts';
import { subtle } from './subtle.ts';

const KEY_SIZE = 16;
// Counter 1, and 128 output bits: every key here fits into one block.
const COUNTER = Uint8Array.of(1, 0, 0, 0);
const LENGTH_BITS = Uint8Array.of(128, 0, 0, 0);
const TERMINATOR = Uint8Array.of(0);

async function derive(key: Uint8Array, label: string, context: Uint8Array): Promise<Uint8Array> {
  const hmac = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const message = concat(COUNTER, ascii(label), TERMINATOR, context, LENGTH_BITS);
  return new Uint8Array(await subtle.sign({ name: 'HMAC' }, hmac, message)).slice(0, KEY_SIZE);
}

/** KEK and KIK, 16 raw bytes each. They wrap the transport keys; wipe them after use. */
export interface WrappingKeys {
  readonly kek: Uint8Array;
  readonly kik: Uint8Array;
}

/**
 * Derives the wrapping keys of a session. SEV API, section 2.2.
 *
 * @param sharedSecret Z of ECDH on P-384: the x coordinate, 48 bytes, big-endian
 * @param nonce 16 bytes, from the session blob
 */
export async function deriveWrappingKeys(sharedSecret: Uint8Array, nonce: Uint8Array): Promise<WrappingKeys> {
  const master = await derive(sharedSecret, 'sev-master-secret', nonce);
  const none = new Uint8Array();
  const keys = { kek: await derive(master, 'sev-kek', none), kik: await derive(master, 'sev-kik', none) };
  master.fill(0);
  return keys;
}
