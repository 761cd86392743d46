// Where in the app the guest owner is: the fragment of the address, so that every host and the offline app agree.

import type { Pairing } from './relay/pairing.ts';

export type Place =
  | { readonly name: 'launches' }
  | { readonly name: 'launch'; readonly id: string }
  | { readonly name: 'platforms' }
  | { readonly name: 'platform'; readonly id: string }
  | { readonly name: 'connect' }
  | { readonly name: 'courier' }
  | { readonly name: 'about' }
  | { readonly name: 'unknown' };

/** Places that are a screen of their own, by the name in their address. */
const PLAIN = ['connect', 'library', 'more', 'about'] as const;
type PlainPlace = (typeof PLAIN)[number];

/** Reads the fragment of an address, such as `#/launches/3f2a`. */
export function readPlace(fragment: string): Place {
  const [section = '', id = '', ...more] = fragment.replace(/^#?\/?/, '').split('/');
  if (more.length > 0) return { name: 'unknown' };
  switch (section) {
    case '':
    case 'launches':
      return id === '' ? { name: 'launches' } : { name: 'launch', id };
    case 'platforms':
      return id === '' ? { name: 'platforms' } : { name: 'platform', id };
    case 'connect':
    case 'courier':
    case 'about':
      return id === '' ? { name: section } : { name: 'unknown' };
    default:
      return { name: 'unknown' };
  }
}

export const address = {
  launches: '#/launches',
  launch: (id: string): string => `#/launches/${id}`,
  platforms: '#/platforms',
  platform: (id: string): string => `#/platforms/${id}`,
  connect: '#/connect',
  courier: '#/courier',
  library: '#/library',
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
