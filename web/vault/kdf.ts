// From a passphrase to a key, by Argon2id: as WebAssembly, which does five times as much in the same second as JavaScript,
// and in JavaScript where a browser compiles none. Both give the same key.
import { toUtf8 } from '../../shared/bytes/text.ts';
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import { importBoxKey } from './box.ts';
import { type KdfSettings, requireKdfSettings } from './kdf-settings.ts';

const KEY_SIZE = 32;

/**
 * Derives a key. Takes about a second, and the memory that the settings name: call it in a worker, which is ended to
 * cancel it.
 * @returns a handle; the bytes are wiped
 * @throws SevError VAULT_RECORD when the settings are out of bounds
 */
export async function deriveKey(passphrase: string, settings: KdfSettings): Promise<CryptoKey> {
  requireKdfSettings(settings);
  const password = toUtf8(passphrase.normalize('NFKC'));
  const raw = await argon2id(password, settings);
  try {
    return await importBoxKey(raw);
  } finally {
    password.fill(0);
    raw.fill(0);
  }
}

export async function argon2id(password: Uint8Array, settings: KdfSettings): Promise<Uint8Array> {
  return (await byWebAssembly(password, settings)) ?? byJavaScript(password, settings);
}

/** @returns undefined where WebAssembly may not be compiled, or does not get so much memory */
async function byWebAssembly(
  password: Uint8Array,
  { memoryKib, passes, salt }: KdfSettings,
): Promise<Uint8Array | undefined> {
  try {
    const { argon2id: derive } = await import('hash-wasm');
    const cost = { memorySize: memoryKib, iterations: passes, parallelism: 1 };
    return await derive({ password, salt, ...cost, hashLength: KEY_SIZE, outputType: 'binary' });
  } catch {
    return undefined;
  }
}

/** By noble, which shares no code with the other. */
export async function byJavaScript(
  password: Uint8Array,
  { memoryKib: m, passes: t, salt }: KdfSettings,
): Promise<Uint8Array> {
  const { argon2id: derive } = await import('@noble/hashes/argon2.js');
  return derive(password, salt, { m, t, p: 1, dkLen: KEY_SIZE });
}
