// Opens the app: the one place that knows every room's service, and what each is made from.
import type { AppState } from './app.svelte.ts';
import { Inbox } from './inbox.svelte.ts';
import { Keys } from './keys/keys.svelte.ts';
import { Launches } from './launches/record/launches.svelte.ts';
import { Library } from './library/library.svelte.ts';
import type { Navigation } from './navigation.svelte.ts';
import { Updates } from './offline/updates.svelte.ts';
import { Platforms } from './platforms/platforms.svelte.ts';
import { DATABASE_NAMES, type ProfileName, profileOfAddress } from './profile/profile.ts';
import type { Surroundings } from './relay/connection.ts';
import { Relays } from './relay/relays.svelte.ts';
import { type Database, openDatabase } from './storage/database.ts';
import { StorageHealth } from './storage/storage-health.svelte.ts';
import { type Derive, VaultLock } from './vault/lock.ts';
import { deriveInWorker } from './workers/kdf.ts';

/** What the page has once, however many apps stand on it. */
type Page = Pick<AppState, 'navigation' | 'updates' | 'inbox' | 'storage'>;

/** @throws SevError VAULT_STORAGE */
export async function openApp(navigation: Navigation): Promise<AppState> {
  const page = { navigation, updates: new Updates(), inbox: new Inbox(navigation), storage: new StorageHealth() };
  const profile = profileOfAddress(location.search);
  const app = await openAppOn(page, await openDatabase(DATABASE_NAMES[profile]), profile);
  page.storage.begin(app.keys.state !== 'none');
  return app;
}

/** @param around the way to the practice host; missing where relays are met over the network */
export async function openAppOn(
  page: Page,
  database: Database,
  profile: ProfileName,
  around?: Surroundings,
): Promise<AppState> {
  const derive: Derive = (passphrase, settings, signal) => deriveInWorker({ passphrase, settings }, { signal });
  const lock = new VaultLock(database, derive, { now: () => Date.now(), wait: pause });
  const app = {
    ...page,
    practice: profile === 'practice',
    profile,
    keys: new Keys(lock),
    relays: new Relays(database, around),
    platforms: new Platforms(database, profile),
    library: new Library(database),
    launches: new Launches(database),
    vault: once(async () => {
      const [{ openVault }, { trusting }] = await Promise.all([
        import('./vault/vault.ts'),
        import('./profile/roots.ts'),
      ]);
      return openVault(database, lock, undefined, trusting(profile));
    }),
    ownerKeys: once(async () => (await import('./vault/owner-keys.ts')).openOwnerKeys(database, lock, profile)),
    ownerships: once(async () => (await import('./ownership/ownerships.ts')).openOwnerships(database)),
    secrets: once(async () => (await import('./vault/secrets.ts')).openSecrets(database, lock)),
    backup: once(async () => (await import('./vault/backup/backup.ts')).openBackups(database, lock, derive, profile)),
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
