// What the whole app shares: its storage, its connections, its records and where one is. Given to components by context;
// open-app.ts makes it. Only types stand here, so that every room can ask for it.
import { getContext, setContext } from 'svelte';
import type { Inbox } from './inbox.svelte.ts';
import type { Keys } from './keys/keys.svelte.ts';
import type { Launches } from './launches/record/launches.svelte.ts';
import type { Library } from './library/library.svelte.ts';
import type { Navigation } from './navigation.svelte.ts';
import type { Updates } from './offline/updates.svelte.ts';
import type { Ownerships } from './ownership/ownerships.ts';
import type { Platforms } from './platforms/platforms.svelte.ts';
import type { ProfileName } from './profile/profile.ts';
import type { Relays } from './relay/relays.svelte.ts';
import type { Backup } from './vault/backup/backup.ts';
import type { StorageHealth } from './storage/storage-health.svelte.ts';
import type { OwnerKeys } from './vault/owner-keys.ts';
import type { Secrets } from './vault/secrets.ts';
import type { Vault } from './vault/vault.ts';

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
  readonly profile: ProfileName;
}

const KEY = Symbol('app');
export const provideApp = (app: AppState): AppState => setContext(KEY, app);
export const useApp = (): AppState => getContext<AppState>(KEY);
