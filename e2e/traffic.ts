// All that a browser does on the network, by its own log: pages, workers, the service worker, and the browser itself.
import { readFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium, test } from '@playwright/test';
import { fromNode } from './world.ts';

type Params = Readonly<Record<string, unknown>>;

interface NetLog {
  readonly constants: { readonly logEventTypes: Readonly<Record<string, number>> };
  readonly events: readonly { readonly type: number; readonly params?: Params }[];
}

export interface Traffic {
  /** Origins of everything that was asked for, `http://sev-verifier.localhost:8456` or `ws://127.0.0.1:8455`; sorted, each once. */
  readonly origins: readonly string[];
  /** Where sockets were opened to, such as `127.0.0.1:8455`. */
  readonly sockets: readonly string[];
}

export interface RecordedBrowser {
  readonly browser: Browser;
  /** Closes it, and tells what it did. */
  readonly traffic: () => Promise<Traffic>;
}

/** So that what the browser itself wants from its maker is asked for in the log, but opens no socket. */
const ONLY_THIS_MACHINE =
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1';

/** A browser of its own that writes down all its traffic. */
export async function recordedBrowser(folder: string): Promise<RecordedBrowser> {
  const { executablePath, args = [] } = test.info().project.use.launchOptions ?? {};
  const log = join(folder, 'net-log.json');
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [...args, ONLY_THIS_MACHINE, `--log-net-log=${log}`, '--net-log-capture-mode=IncludeSensitive'],
  });
  return {
    browser,
    traffic: async () => {
      await browser.close();
      return readTraffic(JSON.parse(readFileSync(log, 'utf8')) as NetLog);
    },
  };
}

function readTraffic({ constants: { logEventTypes }, events }: NetLog): Traffic {
  const all = (name: string): readonly Params[] => {
    const type = logEventTypes[name];
    if (type === undefined) throw new Error(`The browser's log knows no ${name}.`);
    return events.flatMap((event) => (event.type === type && event.params ? [event.params] : []));
  };
  const asked = all('URL_REQUEST_START_JOB').filter(({ initiator }) => initiator !== NOBODY);
  return {
    origins: sorted(asked.flatMap(({ url }) => strings(url)).map((url) => new URL(url).origin)),
    sockets: sorted(all('TCP_CONNECT_ATTEMPT').flatMap(({ address }) => strings(address))),
  };
}

/** What the browser asks for on its own account, its updates and the like, has no page or worker behind it. */
const NOBODY = 'not an origin';

const strings = (value: unknown): readonly string[] => (typeof value === 'string' ? [value] : []);
const sorted = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();

/** The app's own origin once more, with a page `/bare.html` that has no policy at all. */
export async function withoutPolicy(appUrl: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((incoming, response) => {
    if (incoming.url === '/bare.html') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
      return;
    }
    get(new URL(incoming.url ?? '/', fromNode(appUrl)), (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
  });
  await listening(server);
  return { url: `http://localhost:${portOf(server)}`, close: () => closed(server) };
}

/** A server elsewhere, that nobody chose. */
export interface Elsewhere {
  readonly origin: string;
  /** How many connections came, whatever they were for. */
  readonly connections: () => number;
  readonly requests: () => number;
  close(): Promise<void>;
}

export async function elsewhere(): Promise<Elsewhere> {
  let connections = 0;
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.writeHead(200, { 'access-control-allow-origin': '*', connection: 'close' }).end('elsewhere');
  });
  server.on('connection', () => (connections += 1));
  await listening(server);
  return {
    origin: `http://127.0.0.1:${portOf(server)}`,
    connections: () => connections,
    requests: () => requests,
    close: () => closed(server),
  };
}

const listening = (server: Server): Promise<void> => new Promise((done) => server.listen(0, '127.0.0.1', done));
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
