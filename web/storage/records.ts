// Reading and writing records so that two tabs never undo each other's work.
import type { Revised } from './revised.ts';
import { SevError } from '../../shared/errors.ts';
import { type Database, stored } from './database.ts';

/** The stores that lists on the screen are made of. */
type RecordStore = 'platforms' | 'launches' | 'references' | 'relays' | 'ownerKeys' | 'ownerships' | 'secrets';

export interface Change {
  readonly store: RecordStore;
  readonly key: string;
}

/** In place of a key: much was changed at once, as by a restore. */
export const EVERY_RECORD = '*';

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

/** A light record that is kept beside each record of a store, written in the same transaction. */
export interface Beside<T> {
  readonly store: 'launchIndex';
  readonly of: (record: T) => { readonly id: string };
}

/**
 * Reads a record, works out the next one and stores it, in one transaction: no tab ever undoes another's work.
 *
 * @param next must not wait for anything; it throws to leave the record as it is
 * @returns the record as stored
 * @throws SevError VAULT_RECORD when there is none, VAULT_STORAGE, or what `next` throws
 */
export async function changeRecord<T extends Revised>(
  database: Database,
  store: 'launches' | 'platforms' | 'ownerships',
  id: string,
  next: (present: T) => T,
  beside?: Beside<T>,
): Promise<T> {
  const work = async (): Promise<T> => {
    const transaction = database.transaction(beside ? [store, beside.store] : [store], 'readwrite');
    try {
      const present = (await transaction.objectStore(store).get(id)) as T | undefined;
      if (present === undefined) throw new SevError('VAULT_RECORD', { because: 'It is no longer there.' });
      const changed = { ...next(present), revision: present.revision + 1 };
      await transaction.objectStore(store).put(changed as never);
      if (beside) await transaction.objectStore(beside.store).put(beside.of(changed) as never);
      await transaction.done;
      return changed;
    } catch (error) {
      void transaction.done.catch(() => undefined);
      throw error;
    }
  };
  const changed = await stored(work());
  announce({ store, key: id });
  return changed;
}
