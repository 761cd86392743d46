// What the whole app shares: its storage, its connections, its records and where one is. Given to components by context.
import { getContext, setContext } from 'svelte';
import { Inbox } from './inbox.svelte.ts';
import { Keys } from './keys/keys.svelte.ts';
import { Launches } from './launches/record/launches.svelte.ts';
import { Library } from './library/library.svelte.ts';
import { Navigation } from './navigation.svelte.ts';
import { Updates } from './offline/updates.svelte.ts';
import type { Ownerships } from './ownership/ownerships.ts';
import { Platforms } from './platforms/platforms.svelte.ts';
import type { Surroundings } from './relay/connection.ts';
import { Relays } from './relay/relays.svelte.ts';
import { type Database, openDatabase } from './storage/database.ts';
import type { Backup } from './vault/backup/backup.ts';
import { StorageHealth } from './storage/storage-health.svelte.ts';
import { type Derive, VaultLock } from './vault/lock.ts';
import type { OwnerKeys } from './vault/owner-keys.ts';
import type { Secrets } from './vault/secrets.ts';
import type { Vault } from './vault/vault.ts';
import { deriveInWorker } from './workers/kdf.ts';

export interface AppState {
  readonly navigation: Navigation;
  readonly updates: Updates;
  readonly inbox: Inbox;
  readonly keys: Keys;
  readonly relays: Relays;
  readonly platforms: Platforms;
  readonly library: Library;
  readonly launches: Launches;
  readonly storage: StorageHealth;
  /** Opened when first needed, with all the cryptography that belongs to it. */
  readonly vault: () => Promise<Vault>;
  /** The keys of a platform owner (OCA), and disk secrets: they, too, are handled in the vault alone. */
  readonly ownerKeys: () => Promise<OwnerKeys>;
  readonly secrets: () => Promise<Secrets>;
  /** Platforms on their way into ownership; all of it is public. */
  readonly ownerships: () => Promise<Ownerships>;
  readonly backup: () => Promise<Backup>;
  /** Everything in it is practice: another database, another way to a host, and nothing that is worth a passphrase. */
  readonly practice: boolean;
}

/** What the page has once, however many apps stand on it. */
type Page = Pick<AppState, 'navigation' | 'updates' | 'inbox' | 'storage'>;

/** @throws SevError VAULT_STORAGE */
export async function openApp(navigation: Navigation): Promise<AppState> {
  const page = { navigation, updates: new Updates(), inbox: new Inbox(navigation), storage: new StorageHealth() };
  const app = await openAppOn(page, await openDatabase());
  page.storage.begin(app.keys.state !== 'none');
  return app;
}

/** @param practice the way to the practice host; missing for real */
export async function openAppOn(page: Page, database: Database, practice?: Surroundings): Promise<AppState> {
  const derive: Derive = (passphrase, settings) => deriveInWorker({ passphrase, settings });
  const lock = new VaultLock(database, derive, { now: () => Date.now(), wait: pause });
  const app = {
    ...page,
    practice: practice !== undefined,
    keys: new Keys(lock),
    relays: new Relays(database, practice),
    platforms: new Platforms(database),
    library: new Library(database),
    launches: new Launches(database),
    vault: once(async () => (await import('./vault/vault.ts')).openVault(database, lock)),
    ownerKeys: once(async () => (await import('./vault/owner-keys.ts')).openOwnerKeys(database, lock)),
    ownerships: once(async () => (await import('./ownership/ownerships.ts')).openOwnerships(database)),
    secrets: once(async () => (await import('./vault/secrets.ts')).openSecrets(database, lock)),
    backup: once(async () => (await import('./vault/backup/backup.ts')).openBackups(database, lock, derive)),
  };
  await Promise.all([
    app.keys.load(),
    app.relays.load(),
    app.platforms.load(),
    app.library.load(),
    app.launches.load(),
  ]);
  return app;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

const KEY = Symbol('app');
export const provideApp = (app: AppState): AppState => setContext(KEY, app);
export const useApp = (): AppState => getContext<AppState>(KEY);
