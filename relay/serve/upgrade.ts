// Who may open a WebSocket at all: judged by the HTTP request, before a single frame is read.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { APP_HOST } from '../../shared/origin.ts';
import { isLoopback } from '../command/addresses.ts';

export interface Door {
  /** Origins of pages that may connect besides those that this device itself serves. */
  readonly origins: readonly string[];
  /** Names under which this host is known: where it listens, its own name, the names of its TLS certificate. */
  readonly hostNames: readonly string[];
}

/**
 * Whether the request names this host. A page of another site that points its own name at this address (DNS
 * rebinding) cannot: it would say its own name. Addresses cannot be rebound.
 */
export function isOurHost(host: string | undefined, door: Door): boolean {
  const name = hostNameOf(host ?? '');
  return name === 'localhost' || isIP(name) !== 0 || door.hostNames.includes(name);
}

/** `NAME:PORT` or `[ADDRESS]:PORT` → the name or address; a wildcard that matches nothing when it is neither. */
function hostNameOf(host: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d+)?$/.exec(host) ?? [];
  return (bracketed ?? plain ?? '').toLowerCase();
}

/**
 * Whether the page may connect: one of this device's own pages, or one that the operator named. What is no browser
 * sends no Origin, and is held by the pairing code alone.
 */
export function isAllowedOrigin(origin: string | undefined, door: Door): boolean {
  if (origin === undefined || door.origins.includes(origin)) return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname } = new URL(origin);
  return (
    ['http:', 'https:'].includes(protocol) &&
    (hostname === APP_HOST || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')))
  );
}

/** The versions of the protocol that a client speaks. */
export const offeredProtocols = (request: IncomingMessage): readonly string[] =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').map((offered) => offered.trim());
