// Where in the app the guest owner is: the fragment of the address, so that every host and the offline app agree.

import type { Pairing } from './relay/pairing.ts';

/** Places that are a screen of their own, by the name in their address. */
const PLAIN = [
  'platforms',
  'launches',
  'library',
  'connect',
  'courier',
  'carry-ownership',
  'scan',
  'take-in',
  'ownership',
  'audit',
  'keys',
  'more',
  'about',
] as const;

export type Place =
  | { readonly name: (typeof PLAIN)[number] | 'unknown' }
  /** Practice has places of its own within it, such as `launches/3f2a`. */
  | { readonly name: 'practice'; readonly path: readonly string[] }
  /** One record, by its id. */
  | { readonly name: 'launch' | 'platform'; readonly id: string };

/** Reads the fragment of an address, such as `#/launches/3f2a`. */
export function readPlace(fragment: string): Place {
  const [section = '', id = '', ...more] = fragment.replace(/^#?\/?/, '').split('/');
  if (section === 'practice') return { name: 'practice', path: [id, ...more].filter((part) => part !== '') };
  if (more.length > 0) return { name: 'unknown' };
  if (id !== '') {
    if (section === 'launches') return { name: 'launch', id };
    return section === 'platforms' ? { name: 'platform', id } : { name: 'unknown' };
  }
  return { name: section === '' ? 'launches' : (PLAIN.find((plain) => plain === section) ?? 'unknown') };
}

export const address = {
  launches: '#/launches',
  launch: (id: string): string => `#/launches/${id}`,
  platforms: '#/platforms',
  platform: (id: string): string => `#/platforms/${id}`,
  connect: '#/connect',
  courier: '#/courier',
  carryOwnership: '#/carry-ownership',
  scan: '#/scan',
  ownership: '#/ownership',
  audit: '#/audit',
  keys: '#/keys',
  library: '#/library',
  practice: '#/practice',
  more: '#/more',
  about: '#/about',
} as const;

export class Navigation {
  place = $state.raw<Place>(readPlace(location.hash));
  /** A pairing link that was just opened, for the connect screen to follow. */
  pairing = $state.raw<Pairing | undefined>();
  pairingError = $state.raw<unknown>();

  constructor() {
    addEventListener('hashchange', () => (this.place = readPlace(location.hash)));
  }

  go(to: string): void {
    location.hash = to;
  }

  /** Goes somewhere without leaving the present place in the history. */
  replace(to: string): void {
    history.replaceState(null, '', to);
    this.place = readPlace(to);
  }
}
