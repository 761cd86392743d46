// `sev-verifier serve`: the built PWA on loopback of the trusted device, under the strict headers.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SevError } from '../../shared/errors.ts';
import { APP_HOST, APP_PORT } from '../../shared/origin.ts';
import { SERVE } from './words.ts';
import { headersFor, securityHeaders } from '../offline/headers.ts';

export const DEFAULT_PORT = APP_PORT;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

interface Asset {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Serving {
  /** The app's own origin. */
  readonly url: string;
  /** For a browser that does not know names under .localhost; its storage is another. */
  readonly plainUrl: string;
  close(): Promise<void>;
}

/** Where the build put the PWA, seen from the built command in dist/cli. */
const builtApp = (): string => fileURLToPath(new URL('../web', import.meta.url));

/**
 * Serves the built PWA. Every file is read once at the start, and nothing but those files is ever served.
 *
 * @param port 0 for any free one
 * @throws SevError RELAY_USAGE when the app is not built, or another program has the port on either loopback address
 */
export async function serve(port = DEFAULT_PORT, folder = builtApp()): Promise<Serving> {
  const assets = await readAssets(folder);
  const answer = (request: IncomingMessage, response: ServerResponse): void => respond(assets, request, response);
  const servers = await listenOnBoth(answer, port);
  const chosen = (servers[0]!.address() as AddressInfo).port;
  const close = (server: Server): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://${APP_HOST}:${chosen}`,
    plainUrl: `http://localhost:${chosen}`,
    close: async () => {
      await Promise.all(servers.map(close));
    },
  };
}

/** How often another free port is looked for, where the system chooses one. */
const TRIES = 10;

/**
 * The app's name may lead a browser to either loopback address. Whoever answers there is the app, with its stored keys: both
 * are ours, or nothing is served. A device without IPv6 does without the second.
 */
async function listenOnBoth(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  port: number,
): Promise<readonly Server[]> {
  for (let tries = 1; ; tries++) {
    const first = await listen(createServer(answer), '127.0.0.1', port);
    const chosen = (first.address() as AddressInfo).port;
    try {
      return [first, await listen(createServer(answer), '::1', chosen)];
    } catch (error) {
      if (error instanceof SevError && NO_IPV6.includes(codeOf(error.cause))) return [first];
      await new Promise((resolve) => first.close(resolve));
      if (port !== 0 || tries === TRIES) throw error;
    }
  }
}

const NO_IPV6: readonly string[] = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? '';

async function readAssets(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new SevError('RELAY_USAGE', {
      at: folder,
      sentence: 'The web app is not built.',
      next: 'Run `npm run build` first.',
      cause,
    });
  });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const assets = await Promise.all(
    paths.map(async (path) => [urlPath(folder, path), await readAsset(path, urlPath(folder, path))] as const),
  );
  return new Map(assets);
}

const urlPath = (folder: string, path: string): string => `/${relative(folder, path).split(sep).join('/')}`;

async function readAsset(path: string, url: string): Promise<Asset> {
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  // Names with a hash never change their content; all else is asked for again, so that an update is seen.
  const cache = /[.-][\w-]{8}\.\w+$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
  return { body: await readFile(path), headers: { 'content-type': type, 'cache-control': cache, ...headersFor(url) } };
}

function respond(assets: ReadonlyMap<string, Asset>, request: IncomingMessage, response: ServerResponse): void {
  // A page of another site that points its own name here (DNS rebinding) says that name.
  if (!isOurHost(request.headers.host)) {
    response.writeHead(421, { 'content-type': 'text/plain; charset=utf-8', ...securityHeaders }).end('Another name\n');
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', ...securityHeaders }).end();
    return;
  }
  const path = pathOf(request.url ?? '/');
  // A deep link is a place inside the app; a missing file is missing.
  const asset = path === undefined ? undefined : findAsset(assets, path);
  if (asset === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', ...securityHeaders }).end('Not found\n');
    return;
  }
  response.writeHead(200, { ...asset.headers, 'content-length': asset.body.length });
  response.end(request.method === 'HEAD' ? undefined : asset.body);
}

const isOurHost = (host = ''): boolean =>
  [APP_HOST, 'localhost', '127.0.0.1', '[::1]'].includes(host.toLowerCase().replace(/:\d{1,5}$/, ''));

const findAsset = (assets: ReadonlyMap<string, Asset>, path: string): Asset | undefined =>
  assets.get(path) ?? (extname(path) === '' ? assets.get('/index.html') : undefined);

/** The path that is asked for; undefined for what is no address, such as `//`, which any page may ask for. */
const pathOf = (target: string): string | undefined =>
  URL.canParse(target, 'http://localhost') ? new URL(target, 'http://localhost').pathname : undefined;

function listen(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new SevError('RELAY_USAGE', {
          at: `${host}:${port}`,
          ...(cause.code === 'EADDRINUSE' ? SERVE.taken(host, port) : SERVE.closed(port)),
          cause,
        }),
      ),
    );
    server.listen(port, host, () => resolve(server));
  });
}
