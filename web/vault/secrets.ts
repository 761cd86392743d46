// Disk secrets that the guest owner keeps here by name: typed or generated, encrypted at rest, put into a launch by the vault.
import { encodeGuid, type Guid } from '../../shared/bytes/guid.ts';
import { fromUtf8, toUtf8 } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { type CryptoKey, randomId } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';
import { MAX_SINGLE_SECRET, type SecretEntry } from '../../shared/guest/secret-table.ts';
import { type Database, stored } from '../storage/database.ts';
import { announce } from '../storage/records.ts';
import { type Box, open, seal } from './box.ts';
import type { VaultLock } from './lock.ts';
import { requireKey } from './vault-key.ts';

declare module '../storage/database.ts' {
  interface Stores {
    /** Only web/vault reads and writes it. */
    secrets: { key: string; value: SecretRecord };
  }
}

/** What may be shown of a secret without asking. */
export interface SecretFacts {
  readonly id: string;
  readonly name: string;
  /** Which reader in the guest it is for. */
  readonly guid: Guid;
  /** GRUB wants a NUL behind it. */
  readonly endsWithNul: boolean;
  readonly createdAt: number;
}

/** As it lies in storage: its UTF-8 text, in a box that opens for this id only. */
export interface SecretRecord extends SecretFacts {
  readonly box: Box;
}

export type NewSecret = Pick<SecretFacts, 'name' | 'guid' | 'endsWithNul'> & { readonly text: string };

export interface Secrets {
  /** Newest first. */
  list(): Promise<readonly SecretFacts[]>;
  /** @throws SevError VAULT_NONE, VAULT_LOCKED, VAULT_STORAGE, MEASURE_SECRET_SIZE, BYTES_ENCODING for what is no GUID */
  keep(secret: NewSecret): Promise<SecretFacts>;
  /** @throws SevError VAULT_RECORD when it is no longer there */
  rename(id: string, name: string): Promise<void>;
  /** The text itself, for somebody who asked to see it. @throws SevError VAULT_LOCKED, VAULT_RECORD */
  show(id: string): Promise<string>;
  forget(id: string): Promise<void>;
}

const MAX_NAME = 64;
export const secretPurpose = (id: string): string => `sev-verifier disk secret ${id}`;

export function openSecrets(database: Database, lock: VaultLock): Secrets {
  async function put(record: SecretRecord): Promise<void> {
    await stored(database.put('secrets', record));
    announce({ store: 'secrets', key: record.id });
  }

  return {
    async list() {
      const records = await stored(database.getAll('secrets'));
      return records.sort((a, b) => b.createdAt - a.createdAt).map(({ box: _box, ...facts }) => facts);
    },
    async keep({ name, guid, endsWithNul, text }) {
      encodeGuid(guid);
      const key = await requireKey(lock);
      const plain = toUtf8(text);
      try {
        requireSize(plain);
        const id = randomId();
        const box = await seal(key, plain, secretPurpose(id));
        const facts = { id, name: name.trim().slice(0, MAX_NAME) || 'Disk secret', guid: guid.toLowerCase() };
        const record = { ...facts, endsWithNul, createdAt: Date.now(), box };
        await put(record);
        const { box: _box, ...known } = record;
        return known;
      } finally {
        plain.fill(0);
      }
    },
    async rename(id, name) {
      const record = await findSecret(database, id);
      await put({ ...record, name: name.trim().slice(0, MAX_NAME) || record.name });
    },
    async show(id) {
      const { box } = await findSecret(database, id);
      const plain = await open(await requireKey(lock), box, secretPurpose(id));
      try {
        return fromUtf8(plain, 'secret');
      } finally {
        plain.fill(0);
      }
    },
    async forget(id) {
      await stored(database.delete('secrets', id));
      announce({ store: 'secrets', key: id });
    },
  };
}

/**
 * A stored secret as an entry of a launch's secret table; for the vault alone, which wipes it.
 * @throws SevError VAULT_RECORD
 */
export async function secretEntry(database: Database, key: CryptoKey, id: string): Promise<SecretEntry> {
  const { guid, endsWithNul, box } = await findSecret(database, id);
  const plain = await open(key, box, secretPurpose(id));
  if (!endsWithNul) return { guid, data: plain };
  const data = concat(plain, Uint8Array.of(0));
  plain.fill(0);
  return { guid, data };
}

async function findSecret(database: Database, id: string): Promise<SecretRecord> {
  const record = await stored(database.get('secrets', id));
  if (!record) throw new SevError('VAULT_RECORD', { at: 'secret', because: 'It is no longer there.' });
  return record;
}

function requireSize({ length }: Uint8Array): void {
  if (length === 0) throw new SevError('MEASURE_SECRET_SIZE', { because: 'It is empty.' });
  // One byte is left for the NUL.
  if (length >= MAX_SINGLE_SECRET) throw new SevError('MEASURE_SECRET_SIZE', { because: `It has ${length} bytes.` });
}
