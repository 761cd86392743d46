// The pairing link: `…#relay=ws://host:port&code=…`. The code is a bearer token, so it lives in the fragment only,
// which no browser sends anywhere, and leaves the address bar once it is read.
import { SevError } from '../../shared/errors.ts';

export interface Pairing {
  /** The relay's address: ws:// or wss://, without a trailing slash. */
  readonly url: string;
  readonly code: string;
}

const MAX_LINK = 2048;
const MAX_CODE = 128;

/** Whether a fragment of an address is meant to be a pairing link at all. */
export const looksLikePairing = (fragment: string): boolean => /^#?(?:.*&)?relay=/.test(fragment.slice(0, MAX_LINK));

/**
 * Reads a pairing link, or its fragment alone.
 * @throws SevError RELAY_LINK when it is none, or names no relay address
 */
export function parsePairing(text: string): Pairing {
  const link = text.trim();
  if (link.length > MAX_LINK) throw new SevError('RELAY_LINK', { because: 'It is too long.' });
  const fragment = link.slice(link.indexOf('#') + 1);
  const fields = new URLSearchParams(fragment);
  const code = fields.get('code') ?? '';
  if (code === '') throw new SevError('RELAY_LINK', { because: 'It carries no code.' });
  if (code.length > MAX_CODE) throw new SevError('RELAY_LINK', { because: 'Its code is too long.' });
  return { url: parseRelayUrl(fields.get('relay') ?? ''), code };
}

/**
 * Reads a relay's address. Credentials, queries and fragments have no place in it.
 * @throws SevError RELAY_LINK
 */
export function parseRelayUrl(text: string): string {
  const url = readUrl(text.trim());
  if (url === undefined) throw new SevError('RELAY_LINK', { because: 'It names no address of a relay.' });
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!plain || !['ws:', 'wss:'].includes(url.protocol)) {
    throw new SevError('RELAY_LINK', { because: 'The address of a relay begins with ws:// or wss://.' });
  }
  return url.href.replace(/\/$/, '');
}

/** The link's fragment, as it stands in the form that a person confirms. */
export const pairingFragment = ({ url, code }: Pairing): string =>
  `#relay=${encodeURIComponent(url).replaceAll('%3A', ':').replaceAll('%2F', '/')}&code=${encodeURIComponent(code)}`;

/** Whether the address names the device that reads it, so that it leads any other device elsewhere. */
export const isThisDevice = (url: string): boolean =>
  /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(readUrl(url)?.hostname ?? '');

/** The relay's host and port, as people name it. */
export const relayName = (url: string): string => readUrl(url)?.host ?? url;

const readUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);
