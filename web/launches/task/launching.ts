// What a launch needs of the app, and of the relay that it is on: no more, so that a test can give it.
import type { Library } from '../../library/library.svelte.ts';
import type { Platforms } from '../../platforms/platforms.svelte.ts';
import type { ProfileName } from '../../profile/profile.ts';
import type { ConnectionState, RelayConnection } from '../../relay/connection.ts';
import type { Secrets } from '../../vault/secrets.ts';
import type { Vault } from '../../vault/vault.ts';
import type { Launches } from '../record/launches.svelte.ts';

/** A relay as a launch uses it. */
export interface LaunchRelay {
  readonly name: string;
  readonly open: boolean;
  readonly state: ConnectionState;
  readonly connection: Pick<RelayConnection, 'ask' | 'on' | 'start'>;
}

/** Of the app, what a launch needs. */
export interface Launching {
  readonly launches: Pick<Launches, 'find' | 'open' | 'change' | 'findByNonce' | 'list'>;
  readonly library: Pick<Library, 'find' | 'findImage' | 'add' | 'confirm' | 'vouch' | 'files' | 'images'>;
  readonly platforms: Pick<Platforms, 'find'>;
  readonly relays: { find(url: string | undefined): LaunchRelay | undefined };
  readonly vault: () => Promise<Pick<Vault, 'makeSession' | 'judge' | 'seal' | 'packetOf' | 'searchKeys' | 'retire'>>;
  readonly secrets: () => Promise<Pick<Secrets, 'keep'>>;
  readonly profile: ProfileName;
}
