// What a relay's lists of guests and profiles mean to someone who launches.
import { SevError } from '../../shared/errors.ts';
import type { Guest, Profile } from '../../shared/relay-protocol.ts';

/** Guests that a launch can be: there, and encrypted, as far as is known. */
export const launchable = (guests: readonly Guest[]): readonly Guest[] =>
  guests.filter(({ sev, state }) => sev !== false && state !== 'gone');

/** A relay without a launcher offers no profiles; that is not a failure. For `catch` behind `guest.profiles`. */
export function withoutLauncher(error: unknown): readonly Profile[] {
  if (error instanceof SevError && (error.code === 'RELAY_NOT_ALLOWED' || error.code === 'RELAY_METHOD')) return [];
  throw error;
}
