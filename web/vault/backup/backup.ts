// A backup of everything that is kept on this device, and its restore. Keys go from box to box: they are in the clear for
// a moment each, inside this folder, and never in the file.
import type { CryptoKey } from '../../../shared/crypto/subtle.ts';
import { SevError } from '../../../shared/errors.ts';
import type { ProfileName } from '../../profile/profile.ts';
import { type Database, stored } from '../../storage/database.ts';
import { announce, EVERY_RECORD } from '../../storage/records.ts';
import { type Box, open, seal } from '../box.ts';
import { keyPurpose } from '../key-record.ts';
import type { Derive, VaultLock } from '../lock.ts';
import { ownerKeyPurpose } from '../owner-keys.ts';
import { requireStrong } from '../passphrase-rules.ts';
import { secretPurpose } from '../secrets.ts';
import { requireKey } from '../vault-key.ts';
import { type BackupContents, encodeContents, parseContents } from './contents.ts';
import { type Asked, newBackupKey, openBackup, sealBackup } from './envelope.ts';
import { contentsHash, type LastBackup, lastBackup, noteBackup } from './last-backup.ts';
import { bringIn, type RestoreReport } from './restore.ts';

export interface MadeBackup {
  readonly file: Uint8Array;
  readonly launches: number;
  /** Sessions of practice, made without a passphrase: their keys cannot be read, and stay on this device. */
  readonly keysLeftOut: number;
}

export interface Backup {
  /** @throws SevError VAULT_WEAK, VAULT_NONE, VAULT_LOCKED, VAULT_BACKUP, VAULT_RECORD when a stored box is damaged */
  make(passphrase: string): Promise<MadeBackup>;
  /**
   * Brings a backup in: all of it or nothing.
   * @param asked hears what opening it costs, before that is done, and may give it up
   * @throws SevError VAULT_DEMO, VAULT_OF_DEMO, VAULT_BACKUP, VAULT_BACKUP_VERSION, VAULT_PASSPHRASE, VAULT_NONE, VAULT_LOCKED, VAULT_STORAGE
   */
  restore(file: Uint8Array, passphrase: string, asked?: Asked): Promise<RestoreReport>;
  /** The last one that was made here; undefined before the first. @throws SevError VAULT_STORAGE */
  last(): Promise<LastBackup | undefined>;
}

/** @param profile a backup goes back to a profile of its own kind only: real keys are brought into no demo */
export const openBackups = (
  database: Database,
  lock: VaultLock,
  derive: Derive,
  profile: ProfileName = 'real',
): Backup => ({
  async make(passphrase) {
    await requireStrong(passphrase, 'backup');
    const vaultKey = await requireKey(lock);
    const now = Date.now();
    const { keys, ...records } = await readAll(database);
    const boxed = keys.filter((record) => 'box' in record);
    const backupKey = await newBackupKey(passphrase, derive);
    const contents = await rebox(
      { madeAt: now, ...records, keys: boxed, ...markOf(profile) },
      vaultKey,
      backupKey.key,
      'VAULT_RECORD',
    );
    const file = await sealBackup(backupKey, encodeContents(contents));
    await noteBackup(database, now, await contentsHash(records));
    return { file, launches: records.launches.length, keysLeftOut: keys.length - boxed.length };
  },
  async restore(file, passphrase, asked) {
    const vaultKey = await requireKey(lock);
    const { key, contents } = await openBackup(file, passphrase, derive, asked);
    // Everything that can fail or takes time comes before the one transaction.
    const parsed = await parseContents(contents);
    if ((parsed.profile ?? 'real') !== profile) throw new SevError(profile === 'real' ? 'VAULT_OF_DEMO' : 'VAULT_DEMO');
    const own = await rebox(parsed, key, vaultKey, 'VAULT_BACKUP');
    const report = await bringIn(database, own, Date.now());
    for (const store of ['launches', 'platforms', 'references', 'secrets', 'ownerKeys', 'ownerships'] as const)
      announce({ store, key: EVERY_RECORD });
    return report;
  },
  last: () => lastBackup(database),
});

/** Backups for real carry no mark, as ever. */
const markOf = (profile: ProfileName): Pick<BackupContents, 'profile'> => (profile === 'real' ? {} : { profile });

/** All stores at one moment. Relays are left out: their pairing codes belong to this device. */
async function readAll(database: Database) {
  const names = [
    'keys',
    'ledger',
    'secrets',
    'ownerKeys',
    'launches',
    'platforms',
    'references',
    'ownerships',
  ] as const;
  const transaction = database.transaction(names, 'readonly');
  const [keys, ledger, secrets, ownerKeys, launches, platforms, references, ownerships] = await stored(
    Promise.all([
      transaction.objectStore('keys').getAll(),
      transaction.objectStore('ledger').getAll(),
      transaction.objectStore('secrets').getAll(),
      transaction.objectStore('ownerKeys').getAll(),
      transaction.objectStore('launches').getAll(),
      transaction.objectStore('platforms').getAll(),
      transaction.objectStore('references').getAll(),
      transaction.objectStore('ownerships').getAll(),
    ]),
  );
  return { keys, ledger, secrets, ownerKeys, launches, platforms, references, ownerships };
}

/** Every box anew under another key; each also proves that it opens for what it stands beside. */
async function rebox(
  contents: BackupContents,
  from: CryptoKey,
  to: CryptoKey,
  otherwise: 'VAULT_RECORD' | 'VAULT_BACKUP',
): Promise<BackupContents> {
  const move = async (box: Box, purpose: string): Promise<Box> => {
    const plain = await open(from, box, purpose, otherwise);
    try {
      return await seal(to, plain, purpose);
    } finally {
      plain.fill(0);
    }
  };
  const all = <T extends { readonly box: Box }>(records: readonly T[], purposeOf: (record: T) => string) =>
    Promise.all(records.map(async (record) => ({ ...record, box: await move(record.box, purposeOf(record)) })));
  return {
    ...contents,
    keys: await all(contents.keys, keyPurpose),
    secrets: await all(contents.secrets, ({ id }) => secretPurpose(id)),
    ownerKeys: await all(contents.ownerKeys, ({ id }) => ownerKeyPurpose(id)),
  };
}
