// The transport keys of one session as they lie in storage: in a box under the vault's key, or, where no passphrase was
// set on this device, as handles that no script can read out.
import { importCipherKey, importMacKey } from '../../shared/crypto/mac.ts';
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import { requireLength } from '../../shared/bytes/reader.ts';
import { SevError } from '../../shared/errors.ts';
import type { TransportKeys } from '../../shared/sev/session/launch-session.ts';
import { type Box, open, seal } from './box.ts';

declare module '../storage/database.ts' {
  interface Stores {
    /** Only web/vault reads and writes it. */
    keys: { key: string; value: KeyRecord };
  }
}

export type KeyRecord =
  | { readonly sessionId: string; readonly tek: CryptoKey; readonly tik: CryptoKey }
  | { readonly sessionId: string; readonly box: Box };

/** A box opens for its own session only: keys that were moved to another entry of the ledger would be used twice. */
export const keyPurpose = (sessionId: string): string => `sev-verifier transport keys ${sessionId}`;
const KEY_SIZE = 16;

/** TEK then TIK, 32 bytes, in one box. */
export async function boxKeys(
  key: CryptoKey,
  plain: Uint8Array,
  sessionId: string,
): Promise<Extract<KeyRecord, { box: Box }>> {
  return { sessionId, box: await seal(key, plain, keyPurpose(sessionId)) };
}

/** @param key gives the vault's key; throws VAULT_LOCKED. Not asked for keys that are no box. */
export async function handlesOf(record: KeyRecord, key: () => Promise<CryptoKey | undefined>): Promise<TransportKeys> {
  if (!('box' in record)) return record;
  return openKeys(record, key, async (tek, tik) => ({ tek: await importCipherKey(tek), tik: await importMacKey(tik) }));
}

/** A copy of the TIK for the doctor's worker, which wipes it; handles stay handles. */
export async function searchKeyOf(
  record: KeyRecord,
  key: () => Promise<CryptoKey | undefined>,
): Promise<CryptoKey | Uint8Array> {
  if (!('box' in record)) return record.tik;
  return openKeys(record, key, (_tek, tik) => Promise.resolve(tik.slice()));
}

/** Both keys in the clear, for other tools; the caller wipes them. @throws SevError VAULT_MISSING_KEY when they are handles */
export function rawKeysOf(
  record: KeyRecord,
  key: () => Promise<CryptoKey | undefined>,
): Promise<{ readonly tek: Uint8Array; readonly tik: Uint8Array }> {
  if ('box' in record)
    return openKeys(record, key, (tek, tik) => Promise.resolve({ tek: tek.slice(), tik: tik.slice() }));
  const sentence = 'The keys of this session were made without a passphrase, and cannot be read.';
  throw new SevError('VAULT_MISSING_KEY', { sentence, next: 'Set a passphrase, and make a new session.' });
}

async function openKeys<T>(
  { sessionId, box }: { readonly sessionId: string; readonly box: Box },
  key: () => Promise<CryptoKey | undefined>,
  use: (tek: Uint8Array, tik: Uint8Array) => Promise<T>,
): Promise<T> {
  const vaultKey = await key();
  if (!vaultKey) throw new SevError('VAULT_MISSING_KEY');
  const plain = await open(vaultKey, box, keyPurpose(sessionId));
  try {
    requireLength(plain, 2 * KEY_SIZE, 'keys');
    return await use(plain.subarray(0, KEY_SIZE), plain.subarray(KEY_SIZE));
  } finally {
    plain.fill(0);
  }
}
