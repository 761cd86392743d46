// Brings the records of a backup in, in one transaction: after it, all of them are here; after a failure, none is.
import type { LaunchRecord } from '../../launches/record/launch-record.ts';
import { summaryOf } from '../../launches/record/launch-summary.ts';
import type { OwnershipRecord } from '../../ownership/ownership-record.ts';
import { type Database, stored } from '../../storage/database.ts';
import type { LedgerEntry } from '../ledger.ts';
import type { BackupContents } from './contents.ts';
import { mergeEntry, mergeLaunch, mergePlatform, referenceFromBackup } from './merge.ts';

/** What a restore did, for the person who asked for it. */
export interface RestoreReport {
  readonly madeAt: number;
  readonly launches: number;
  readonly platforms: number;
  readonly references: number;
  readonly secrets: number;
  readonly ownerKeys: number;
  /** Launches that were under way, and whose session is not used again. */
  readonly closed: number;
  /** Platforms of which another owner is expected here than in the backup; what is here stayed. */
  readonly otherOwners: readonly string[];
}

const STORES = [
  'keys',
  'ledger',
  'secrets',
  'ownerKeys',
  'launches',
  'launchIndex',
  'platforms',
  'references',
  'ownerships',
] as const;

/**
 * @param contents with boxes under this vault's key
 * @throws SevError VAULT_STORAGE; then nothing was changed
 */
export const bringIn = (database: Database, contents: BackupContents, now: number): Promise<RestoreReport> =>
  stored(
    (async () => {
      const transaction = begin(database);
      try {
        const report = await bringAll(transaction, contents, now);
        await transaction.done;
        return report;
      } catch (error) {
        void transaction.done.catch(() => undefined);
        abort(transaction);
        throw transaction.error ?? error;
      }
    })(),
  );

const begin = (database: Database) => database.transaction(STORES, 'readwrite', { durability: 'strict' });
type Transaction = ReturnType<typeof begin>;

/** Nothing in here waits for anything but the transaction: it would end by itself, half done. */
async function bringAll(transaction: Transaction, contents: BackupContents, now: number): Promise<RestoreReport> {
  const entries = await bringSessions(transaction, contents, now);
  const launches = await bringLaunches(transaction, contents.launches, entries);
  const { platforms, otherOwners } = await bringPlatforms(transaction, contents);
  await bringOwnerships(transaction, contents.ownerships ?? []);
  const { madeAt } = contents;
  const added = {
    references: await addMissing(transaction, 'references', contents.references.map(referenceFromBackup)),
    secrets: await addMissing(transaction, 'secrets', contents.secrets),
    ownerKeys: await addMissing(transaction, 'ownerKeys', contents.ownerKeys),
  };
  return { madeAt, ...launches, platforms, otherOwners, ...added };
}

async function bringSessions(transaction: Transaction, { keys, ledger }: BackupContents, now: number) {
  const [ledgerStore, keyStore] = [transaction.objectStore('ledger'), transaction.objectStore('keys')];
  const entries = new Map<string, LedgerEntry>();
  for (const incoming of ledger) {
    const entry = mergeEntry(await ledgerStore.get(incoming.sessionId), incoming, now);
    entries.set(entry.sessionId, entry);
    await ledgerStore.put(entry);
    if (entry.retiredAt !== undefined) await keyStore.delete(entry.sessionId);
  }
  for (const record of keys) {
    const entry = entries.get(record.sessionId);
    // Keys without an account could be used without one.
    if (!entry || entry.retiredAt !== undefined) continue;
    if ((await keyStore.getKey(record.sessionId)) === undefined) await keyStore.add(record);
  }
  return entries;
}

async function bringLaunches(
  transaction: Transaction,
  incoming: readonly LaunchRecord[],
  entries: ReadonlyMap<string, LedgerEntry>,
): Promise<{ readonly launches: number; readonly closed: number }> {
  const [store, index] = [transaction.objectStore('launches'), transaction.objectStore('launchIndex')];
  let [launches, closed] = [0, 0];
  for (const record of incoming) {
    const local = await store.get(record.id);
    const merged = mergeLaunch(local, record, (id) => entries.get(id));
    if (merged === local) continue;
    if (!local) launches++;
    if (merged.history.at(-1)?.event === 'closed-by-restore' && merged !== record) closed++;
    await store.put(merged);
    await index.put(summaryOf(merged));
  }
  return { launches, closed };
}

async function bringPlatforms(transaction: Transaction, { platforms }: BackupContents) {
  const store = transaction.objectStore('platforms');
  const otherOwners: string[] = [];
  let added = 0;
  for (const incoming of platforms) {
    const local = await store.get(incoming.id);
    const [here, there] = [local?.owner?.keySha256, incoming.owner?.keySha256];
    if (here && there && here !== there) otherOwners.push(local!.name);
    if (!local) added++;
    await store.put(mergePlatform(local, incoming));
  }
  return { platforms: added, otherOwners };
}

/** The one that is further wins: what was asked to be imported stays asked, until a chain has told what became of it. */
async function bringOwnerships(transaction: Transaction, incoming: readonly OwnershipRecord[]): Promise<void> {
  const store = transaction.objectStore('ownerships');
  for (const record of incoming) {
    const local = await store.get(record.id);
    if (!local || local.revision < record.revision) await store.put(record);
  }
}

/** What is here already stays as it is. @returns how many were not */
async function addMissing<S extends 'references' | 'secrets' | 'ownerKeys'>(
  transaction: Transaction,
  name: S,
  records: BackupContents[S],
): Promise<number> {
  const store = transaction.objectStore(name);
  let added = 0;
  for (const record of records) {
    if ((await store.getKey(record.id)) !== undefined) continue;
    await store.add(record);
    added++;
  }
  return added;
}

/** After an error the browser may have ended it by itself. */
function abort(transaction: Transaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended: nothing of it was kept.
  }
}
