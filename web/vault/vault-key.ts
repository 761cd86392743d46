// The vault's key for what is kept under a passphrase or not at all.
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';
import type { VaultLock } from './lock.ts';

/** @throws SevError VAULT_NONE where no passphrase was set, VAULT_LOCKED */
export async function requireKey(lock: Pick<VaultLock, 'key'>): Promise<CryptoKey> {
  const key = await lock.key();
  if (!key) throw new SevError('VAULT_NONE', { next: 'Set one first, under Keys.' });
  return key;
}
