// The key derivation of SEV: NIST SP 800-108 in counter mode with HMAC-SHA-256, all integers little-endian.
import { le32 } from '../bytes/number.ts';
import { ascii } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { mac } from './mac.ts';
import { subtle } from './subtle.ts';

const KEY_SIZE = 16;
const HASH_SIZE = 32;
const TERMINATOR = Uint8Array.of(0);

/**
 * Block i, from 1 on, is HMAC(key, LE32(i) | label | 0x00 | context | LE32(size in bits)). The keys of a session fit
 * into one block.
 * @param size bytes that are wanted
 */
export async function deriveKey(
  key: Uint8Array,
  label: string,
  context: Uint8Array,
  size: number,
): Promise<Uint8Array> {
  const hmac = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const [fixed, sizeBits] = [concat(ascii(label), TERMINATOR, context), le32(8 * size)];
  const numbers = Array.from({ length: Math.ceil(size / HASH_SIZE) }, (_, i) => i + 1);
  const blocks = await Promise.all(numbers.map((i) => mac(hmac, concat(le32(i), fixed, sizeBits))));
  return concat(...blocks).slice(0, size);
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
  const master = await deriveKey(sharedSecret, 'sev-master-secret', nonce, KEY_SIZE);
  const none = new Uint8Array();
  const derive = (label: string): Promise<Uint8Array> => deriveKey(master, label, none, KEY_SIZE);
  const keys = { kek: await derive('sev-kek'), kik: await derive('sev-kik') };
  master.fill(0);
  return keys;
}
