// Addresses as the operator writes them: where to listen, where a monitor is, which pages may connect.
import { isIP } from 'node:net';
import { usageError } from './flags.ts';
import type { NamedMonitor, QmpEndpoint } from '../sources/types.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

// sun_path has 108 bytes on Linux, the last one a NUL.
export const MAX_SOCKET_PATH_BYTES = 107;

/** Reads `HOST:PORT`; an IPv6 address stands in brackets. */
export function parseHostPort(text: string, at: string): HostPort {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:/\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) throw usageError('Write HOST:PORT, such as 127.0.0.1:8455.', at);
  return { host, port };
}

export const formatHostPort = ({ host, port }: HostPort): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** Reads `NAME=SOCKET` or `NAME=HOST:PORT`. */
export function parseMonitor(text: string): NamedMonitor {
  const at = '--qmp';
  const [, name, where] = /^([A-Za-z0-9._-]{1,64})=(.+)$/.exec(text) ?? [];
  if (name === undefined || where === undefined) {
    throw usageError('Write NAME=SOCKET or NAME=HOST:PORT; a name has letters, digits, dots, “-” and “_”.', at);
  }
  return { name, qmp: parseEndpoint(where, at) };
}

function parseEndpoint(where: string, at: string): QmpEndpoint {
  if (!where.includes('/') && /:\d+$/.test(where)) return parseHostPort(where, at);
  if (Buffer.byteLength(where) > MAX_SOCKET_PATH_BYTES) {
    throw usageError(`A socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes.`, at);
  }
  return { path: where };
}

/** Reads the origin of a web page, such as `https://verifier.example`. */
export function parseOrigin(text: string, at: string): string {
  const url = parseWebAddress(text, at);
  if (url.origin !== text.replace(/\/$/, '')) throw usageError('An origin has no path: https://HOST[:PORT].', at);
  return url.origin;
}

export function parseWebAddress(text: string, at: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw usageError('Write an address that begins with http:// or https://.', at);
  }
  return url;
}
