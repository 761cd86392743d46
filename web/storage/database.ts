// The one IndexedDB database of the app: what it holds, and how a failure of the browser's storage is told.
import { type DBSchema, type IDBPDatabase, openDB, type StoreNames } from 'idb';
import { SevError } from '../../shared/errors.ts';
import { DATABASE_NAMES } from '../profile/profile.ts';

/**
 * What is kept, by store: each room adds its own beside its record (`declare module`), so that the ground names nobody who
 * stands on it.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- it is filled by those who store
export interface Stores extends DBSchema {}

export type Database = IDBPDatabase<Stores>;
export type StoreName = StoreNames<Stores>;

export const DATABASE_NAME = DATABASE_NAMES.real;
const VERSION = 5;

/** Says `lost` when the database was taken away from under the app, and `full` when something found no room. */
export const storageTrouble = new EventTarget();

/** @throws SevError VAULT_STORAGE when the browser gives no storage */
export const openDatabase = (name = DATABASE_NAME): Promise<Database> =>
  stored(
    openDB<Stores>(name, VERSION, {
      upgrade(db, from) {
        if (from < 2) db.createObjectStore('vault', { keyPath: 'id' });
        // Filled by web/launches when it finds fewer summaries than launches.
        if (from < 3) db.createObjectStore('launchIndex', { keyPath: 'id' });
        if (from < 4) {
          db.createObjectStore('ownerKeys', { keyPath: 'id' });
          db.createObjectStore('secrets', { keyPath: 'id' });
        }
        if (from < 5) db.createObjectStore('ownerships', { keyPath: 'id' });
        if (from >= 1) return;
        db.createObjectStore('platforms', { keyPath: 'id' });
        db.createObjectStore('launches', { keyPath: 'id' }).createIndex('updatedAt', 'updatedAt');
        db.createObjectStore('references', { keyPath: 'id' });
        db.createObjectStore('relays', { keyPath: 'url' });
        db.createObjectStore('keys', { keyPath: 'sessionId' });
        db.createObjectStore('ledger', { keyPath: 'sessionId' });
      },
      // A newer version of the app in another tab waits for this one; let it have the database.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
      // The browser has closed it by itself, as when the data of the site are removed.
      terminated: () => storageTrouble.dispatchEvent(new Event('lost')),
    }),
  );

/**
 * Waits for the storage, and tells its failures in our words.
 * @throws SevError VAULT_STORAGE, with the quota named where that is the reason
 */
export async function stored<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof SevError) throw cause;
    const full = cause instanceof DOMException && cause.name === 'QuotaExceededError';
    if (full) storageTrouble.dispatchEvent(new Event('full'));
    throw new SevError('VAULT_STORAGE', { ...(full && { because: 'The device has no room left for it.' }), cause });
  }
}
