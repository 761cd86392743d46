// When a backup was last made on this device, and of what: whether anything is new since is told without a clock.
import { toHex, toUtf8 } from '../../../shared/bytes/text.ts';
import { sha256 } from '../../../shared/crypto/subtle.ts';
import { type Database, stored } from '../../storage/database.ts';

export interface LastBackupRecord {
  readonly id: 'backup';
  readonly madeAt: number;
  /** SHA-256 over the names of all that was in it, hex. */
  readonly contents: string;
}

export interface LastBackup {
  readonly madeAt: number;
  /** Something here is not in it, or not as it is now. */
  readonly changedSince: boolean;
}

/** What tells that a record is another one than before. */
interface Kept {
  readonly launches: readonly { readonly id: string; readonly revision: number }[];
  readonly platforms: readonly { readonly id: string; readonly revision: number }[];
  readonly ownerships: readonly { readonly id: string; readonly revision: number }[];
  readonly references: readonly { readonly id: string; readonly name: string }[];
  readonly secrets: readonly { readonly id: string; readonly name: string }[];
  readonly ownerKeys: readonly { readonly id: string; readonly name: string }[];
}

/** The same for the same records, in whatever order. */
export async function contentsHash(kept: Kept): Promise<string> {
  const { launches, platforms, ownerships, references, secrets, ownerKeys } = kept;
  const revised = [launches, platforms, ownerships].flatMap((list, i) =>
    list.map(({ id, revision }) => [i, id, revision]),
  );
  const named = [references, secrets, ownerKeys].flatMap((list, i) => list.map(({ id, name }) => [3 + i, id, name]));
  const lines = [...revised, ...named].map((line) => JSON.stringify(line)).sort();
  return toHex(await sha256(toUtf8(lines.join('\n'))));
}

/** A device that is full can still make its backup: then this is not noted. */
export const noteBackup = (database: Database, madeAt: number, contents: string): Promise<unknown> =>
  database.put('vault', { id: 'backup', madeAt, contents }).catch(() => undefined);

/** @returns undefined when none was made on this device. @throws SevError VAULT_STORAGE */
export async function lastBackup(database: Database): Promise<LastBackup | undefined> {
  const note = await stored(database.get('vault', 'backup'));
  if (note?.id !== 'backup') return undefined;
  const [launches, platforms, ownerships, references, secrets, ownerKeys] = await stored(
    Promise.all([
      database.getAll('launchIndex'),
      database.getAll('platforms'),
      database.getAll('ownerships'),
      database.getAll('references'),
      database.getAll('secrets'),
      database.getAll('ownerKeys'),
    ]),
  );
  const present = await contentsHash({ launches, platforms, ownerships, references, secrets, ownerKeys });
  return { madeAt: note.madeAt, changedSince: present !== note.contents };
}
