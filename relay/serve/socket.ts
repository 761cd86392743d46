// The WebSocket server: origin, host name, subprotocol and number of clients are settled before a frame is read.
import { X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { SevError } from '../../shared/errors.ts';
import { chooseSubprotocol, MAX_FRAME_BYTES } from '../../shared/relay-protocol.ts';
import { type HostPort, isLoopback } from '../command/addresses.ts';
import { Client, type Service } from './client.ts';
import { plain } from './log.ts';
import type { Pairing } from './pairing.ts';
import { type PlaceLimits, Places } from './places.ts';
import { type Door, isAllowedOrigin, isOurHost, offeredProtocols } from './upgrade.ts';

export interface SocketOptions {
  readonly listen: HostPort;
  /** Certificate chain and private key, in PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly origins: readonly string[];
  readonly places: PlaceLimits;
}

export interface RelaySocket {
  /** Where a browser finds it: the port that the system chose, and a name in place of “everywhere”. */
  readonly reachable: HostPort;
  /** Sends a frame to the paired clients whose pairing may hear it. */
  broadcast(frame: string, mayHear: (pairing: Pairing) => boolean): void;
  /** How many clients of a pairing are connected. */
  countOf(pairing: Pairing): number;
  /** How many clients have paired. */
  readonly paired: number;
  close(): Promise<void>;
}

/** How long whoever was refused, or is told that the relay ends, may take to go. */
const LEAVE_MS = 1_000;

/** @throws SevError RELAY_LISTEN when the address cannot be had, RELAY_FILE when certificate and key do not fit */
export async function openSocket(options: SocketOptions, service: Service): Promise<RelaySocket> {
  const server = makeServer(options.tls);
  const places = new Places(options.places);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => chooseSubprotocol(offered) ?? false,
  });
  const door: Door = { origins: options.origins, hostNames: hostNames(options) };
  const connections = openConnections(server);
  let count = 0;

  server.on('request', (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket' });
    response.end('This is sev-relay. Open it from the verifier, by its pairing link.\n');
  });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    if (!isOurHost(request.headers.host, door)) return refuseUpgrade(stream, '421 Misdirected Request');
    if (chooseSubprotocol(offeredProtocols(request)) === undefined) return refuseUpgrade(stream, '400 Bad Request');
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const address = request.socket.remoteAddress ?? 'unknown';
      const client = new Client(socket, `client ${++count}`, service);
      service.log.info(`${client.name} connects from ${address}`);
      if (!isAllowedOrigin(request.headers.origin, door)) {
        service.log.warn(`${client.name} is a page of ${plain(request.headers.origin ?? '')}: not allowed`);
        return client.refuse(new SevError('RELAY_ORIGIN', { at: plain(request.headers.origin ?? '') }));
      }
      places.take(client, address);
      socket.on('close', () => places.leave(client));
    });
  });

  const listening = await listen(server, options.listen);
  return {
    reachable: { host: reachableHost(options), port: listening.port },
    broadcast: (frame, mayHear) =>
      places.clients.forEach((client) => client.pairing && mayHear(client.pairing) && client.tell(frame)),
    countOf: ({ codeSha256 }) => places.clients.filter(({ pairing }) => pairing?.codeSha256 === codeSha256).length,
    get paired() {
      return places.clients.filter(({ pairing }) => pairing).length;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      places.clients.forEach((client) => client.close(1001, 'the relay ends'));
      // Whoever is no client has nothing to lose, and whoever says nothing must not keep the relay from ending.
      server.closeAllConnections();
      const cut = setTimeout(() => connections.forEach((connection) => connection.destroy()), LEAVE_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

function makeServer(tls: SocketOptions['tls']): Server {
  // Header and request time-outs of Node itself drop whoever never finishes the upgrade.
  const limits = { headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 8192 };
  if (tls === undefined) return createServer(limits);
  try {
    return createTlsServer({ ...limits, ...tls, minVersion: 'TLSv1.2' });
  } catch (cause) {
    const said = cause instanceof Error ? plain(cause.message) : '';
    throw new SevError('RELAY_FILE', { at: '--tls-cert, --tls-key', because: `${said}.`, cause });
  }
}

/** Names that a Host header may carry, lower case. */
const hostNames = (options: SocketOptions): readonly string[] =>
  [options.listen.host, hostname(), ...certifiedNames(options)].map((name) => name.toLowerCase());

function certifiedNames({ tls }: SocketOptions): readonly string[] {
  const certified = tls ? (new X509Certificate(tls.cert).subjectAltName ?? '') : '';
  return [...certified.matchAll(/DNS:([^,\s"]+)/g)].map(([, name]) => name!);
}

/** “Everywhere” is no address: the certificate's name is one, or else this host's own on its network. */
function reachableHost(options: SocketOptions): string {
  const { host } = options.listen;
  const [certified] = certifiedNames(options);
  if (!isLoopback(host) && certified !== undefined) return certified;
  if (host !== '0.0.0.0' && host !== '::') return host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? hostname();
}

/** Every connection that is there, whatever has become of it: Node does not count those that asked for an upgrade. */
function openConnections(server: Server): ReadonlySet<Duplex> {
  const connections = new Set<Duplex>();
  server.on('connection', (connection: Duplex) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  return connections;
}

/** Says no, and hangs up where the other end does not. */
function refuseUpgrade(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  const cut = setTimeout(() => stream.destroy(), LEAVE_MS);
  cut.unref();
  stream.once('close', () => clearTimeout(cut));
}

function listen(server: Server, { host, port }: HostPort): Promise<HostPort> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new SevError('RELAY_LISTEN', { at: `${host}:${port}`, because: `${listenWords(cause)}.`, cause }));
    });
    server.listen(port, host, () => resolve({ host, port: (server.address() as AddressInfo).port }));
  });
}

const listenWords = ({ code }: NodeJS.ErrnoException): string =>
  ({
    EADDRINUSE: 'Another program listens there',
    EADDRNOTAVAIL: 'This machine does not have the address',
    EACCES: 'This user may not listen there',
    ENOTFOUND: 'The name is not known',
  })[code ?? ''] ?? `The system said ${code ?? 'no'}`;
