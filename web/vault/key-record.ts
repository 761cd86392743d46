// The transport keys of one session as they lie in storage: in a box under the vault's key, or, where no passphrase was
// set on this device, as handles that no script can read out.
import { importCipherKey, importMacKey } from '../../shared/crypto/mac.ts';
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import { requireLength } from '../../shared/bytes/reader.ts';
import { SevError } from '../../shared/errors.ts';
import type { StoredLaunchSession, TransportKeys } from '../../shared/sev/session/launch-session.ts';
import { type Box, open, seal } from './box.ts';

declare module '../storage/database.ts' {
  interface Stores {
    /** Only web/vault reads and writes it. */
    keys: { key: string; value: KeyRecord };
  }
}

export type KeyRecord = { readonly sessionId: string; readonly tek: CryptoKey; readonly tik: CryptoKey } | BoxedKeys;

export interface BoxedKeys {
  readonly sessionId: string;
  readonly box: Box;
  /** Missing in boxes of an earlier version: of those, nothing that was accepted counts. */
  readonly terms?: SessionTerms;
}

/** What was decided when the session was made, and never afterwards. */
export type SessionTerms = Pick<StoredLaunchSession, 'policy' | 'acceptsKeySharing' | 'owner'>;

/**
 * A box opens for its own session only: keys that were moved to another entry of the ledger would be used twice. And under
 * its own terms only: whoever changes them in storage has no keys that go with them.
 */
export const keyPurpose = ({ sessionId, terms }: Omit<BoxedKeys, 'box'>): string =>
  `sev-verifier transport keys ${sessionId}${terms ? ` under ${encodeTerms(terms)}` : ''}`;

/** Such as `policy 0x3, key sharing refused, owner any`. */
const encodeTerms = ({ policy, acceptsKeySharing, owner }: SessionTerms): string =>
  `policy 0x${policy.toString(16)}, key sharing ${acceptsKeySharing ? 'accepted' : 'refused'}, owner ${owner ?? 'any'}`;

/**
 * The session as its keys were boxed with it.
 * @throws SevError VAULT_CHANGED when the record of the launch says otherwise
 */
export function underOwnTerms<S extends SessionTerms>(record: KeyRecord, session: S): S {
  if (!('box' in record)) return session;
  if (!record.terms) return { ...session, acceptsKeySharing: false };
  if (encodeTerms(record.terms) !== encodeTerms(session)) throw new SevError('VAULT_CHANGED', { at: 'session' });
  return session;
}
const KEY_SIZE = 16;

/** TEK then TIK, 32 bytes, in one box. */
export async function boxKeys(
  key: CryptoKey,
  plain: Uint8Array,
  { id: sessionId, policy, acceptsKeySharing, owner }: SessionTerms & { readonly id: string },
): Promise<BoxedKeys> {
  const terms = { policy, acceptsKeySharing, ...(owner !== undefined && { owner }) };
  return { sessionId, terms, box: await seal(key, plain, keyPurpose({ sessionId, terms })) };
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
  record: BoxedKeys,
  key: () => Promise<CryptoKey | undefined>,
  use: (tek: Uint8Array, tik: Uint8Array) => Promise<T>,
): Promise<T> {
  const vaultKey = await key();
  if (!vaultKey) throw new SevError('VAULT_MISSING_KEY');
  const plain = await open(vaultKey, record.box, keyPurpose(record));
  try {
    requireLength(plain, 2 * KEY_SIZE, 'keys');
    return await use(plain.subarray(0, KEY_SIZE), plain.subarray(KEY_SIZE));
  } finally {
    plain.fill(0);
  }
}
