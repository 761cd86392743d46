// Reading and writing records so that two tabs never undo each other's work.
import { SevError } from '../../shared/errors.ts';
import { type Database, stored } from './database.ts';

/** The stores whose records belong to the app rather than to the vault. */
type RecordStore = 'platforms' | 'launches' | 'images' | 'relays';

/** A record that counts its changes. */
export interface Revised {
  readonly id: string;
  readonly revision: number;
}

export interface Change {
  readonly store: RecordStore;
  readonly key: string;
}

const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('sev-verifier-records');
const local = new EventTarget();

/** Tells this tab and the others that a record is new, other or gone. */
export function announce(change: Change): void {
  local.dispatchEvent(new CustomEvent('change', { detail: change }));
  channel?.postMessage(change);
}

/** Hears changes of one store, from this tab and the others. @returns the way to stop hearing */
export function onChange(store: RecordStore, heard: (key: string) => void): () => void {
  const listen = (change: Change): void => {
    if (change.store === store) heard(change.key);
  };
  const fromHere = (event: Event): void => listen((event as CustomEvent<Change>).detail);
  const fromOthers = (event: MessageEvent<Change>): void => listen(event.data);
  local.addEventListener('change', fromHere);
  channel?.addEventListener('message', fromOthers);
  return () => {
    local.removeEventListener('change', fromHere);
    channel?.removeEventListener('message', fromOthers);
  };
}

/**
 * Stores the next revision of a record, if the stored one is still the one it was made from.
 * @returns the record as stored
 * @throws SevError VAULT_CONFLICT when another tab was faster; nothing is written then
 */
export async function saveRevised<S extends 'launches' | 'platforms', T extends Revised>(
  database: Database,
  store: S,
  record: T,
): Promise<T> {
  const next = { ...record, revision: record.revision + 1 };
  await stored(
    (async () => {
      const transaction = database.transaction(store, 'readwrite');
      const present = (await transaction.store.get(record.id)) as Revised | undefined;
      if ((present?.revision ?? 0) !== record.revision) {
        transaction.abort();
        await transaction.done.catch(() => undefined);
        throw new SevError('VAULT_CONFLICT');
      }
      await transaction.store.put(next as never);
      await transaction.done;
    })(),
  );
  announce({ store, key: record.id });
  return next;
}
