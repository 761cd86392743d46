// From a passphrase to a key, by Argon2id.
import { argon2id } from '@noble/hashes/argon2.js';
import { toUtf8 } from '../../shared/bytes/text.ts';
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import { importBoxKey } from './box.ts';
import { type KdfSettings, requireKdfSettings } from './kdf-settings.ts';

/**
 * Derives a key. Takes about a second: call it in a worker.
 * @returns a handle; the bytes are wiped
 */
export async function deriveKey(passphrase: string, settings: KdfSettings): Promise<CryptoKey> {
  requireKdfSettings(settings);
  const { memoryKib: m, passes: t, salt } = settings;
  const raw = argon2id(toUtf8(passphrase.normalize('NFKC')), salt, { m, t, p: 1, dkLen: 32 });
  try {
    return await importBoxKey(raw);
  } finally {
    raw.fill(0);
  }
}
