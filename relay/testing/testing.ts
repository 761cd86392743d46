// What the relay's own tests share: a client that speaks the protocol, folders that vanish, a host with chosen answers.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import {
  encodeRequest,
  type MethodName,
  type Notification,
  type ParamsOf,
  parseMessage,
  parseResult,
  type ResultOf,
  SUBPROTOCOLS,
} from '../../shared/relay-protocol.ts';
import { isErrorCode, SevError } from '../../shared/errors.ts';
import { silentLog } from '../serve/log.ts';
import type { RelayOptions, Sources } from '../serve/relay.ts';
import type { GuestSource, PlatformSource } from '../sources/types.ts';

export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sev-relay-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The full path of a program that this machine may lack. */
export const findProgram = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

/** A promise that somebody else settles. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

/** The process whose number QEMU wrote into a file; never 0, which for a signal means everything that runs with us. */
export function pidIn(path: string): number {
  const text = readFileSync(path, 'utf8');
  if (!/^[1-9]\d*\n$/.test(text)) throw new Error(`${path} holds no number of a process`);
  return Number(text);
}

/** Waits until something holds, looking often; fails with what it last saw. */
export async function eventually<T>(look: () => T | Promise<T>, holds: (value: T) => boolean, ms = 10_000): Promise<T> {
  const until = Date.now() + ms;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > until) throw new Error(`still ${JSON.stringify(value)} after ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A client of the relay, as little as is needed to ask and to listen. */
export class TestClient {
  readonly socket: WebSocket;
  /** Every frame in both directions. */
  readonly frames: string[] = [];
  readonly notifications: Notification[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #waiting = new Map<number, (frame: string) => void>();
  #lastId = 0;

  constructor(url: string, headers: Record<string, string> = {}, protocols: readonly string[] = SUBPROTOCOLS) {
    this.socket = new WebSocket(url, [...protocols], { headers, perMessageDeflate: false, rejectUnauthorized: false });
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data: Buffer) => this.#receive(data.toString('utf8')));
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    onTestFinished(() => this.socket.terminate());
  }

  async open(): Promise<this> {
    if (this.socket.readyState === this.socket.OPEN) return this;
    await new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject));
    return this;
  }

  /** Connects by a pairing link and says hello. */
  static async pair(pairingLink: string): Promise<TestClient> {
    const fragment = new URLSearchParams(new URL(pairingLink).hash.slice(1));
    const client = await new TestClient(fragment.get('relay')!).open();
    await client.ask('relay.hello', { token: fragment.get('code')! });
    return client;
  }

  /** @throws SevError with the code that the relay gave as the reason */
  async ask<M extends MethodName>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    const message = parseMessage(await this.exchange(++this.#lastId, encodeRequest(this.#lastId, method, params)));
    if ('result' in message) return parseResult(method, message.result);
    if (!('error' in message)) throw new Error('no answer');
    const { reason = '', next = '' } = message.error.data ?? {};
    if (!isErrorCode(reason)) throw new Error(`unknown reason ${reason}`);
    throw new SevError(reason, { sentence: message.error.message, next });
  }

  /** Sends a frame as it is, and waits for the answer with this id. */
  exchange(id: number, frame: string): Promise<string> {
    const answer = new Promise<string>((resolve, reject) => {
      this.#waiting.set(id, resolve);
      void this.closed.then(({ code, reason }) => reject(new Error(`closed ${code} ${reason}`)));
    });
    this.sendRaw(frame);
    return answer;
  }

  sendRaw(frame: string): void {
    this.frames.push(frame);
    this.socket.send(frame);
  }

  #receive(frame: string): void {
    this.frames.push(frame);
    const message = parseMessage(frame);
    if (!('id' in message)) return void this.notifications.push(message);
    this.#waiting.get(message.id ?? -1)?.(frame);
  }
}

/** The frame that answers nothing in particular: errors about frames that are no requests. */
export const NO_ID = -1;

const unexpected = (): Promise<never> =>
  Promise.reject(new SevError('RELAY_INTERNAL', { because: 'Not in this test.' }));

export function platformForTests(parts: Partial<PlatformSource> = {}): PlatformSource {
  return {
    simulated: true,
    status: () =>
      Promise.resolve({ apiMajor: 1, apiMinor: 55, build: 21, state: 'init', owner: 'self', es: true, guests: 0 }),
    certificates: unexpected,
    identifier: unexpected,
    owner: {
      csr: unexpected,
      import: unexpected,
      rotatePdh: unexpected,
      regeneratePek: unexpected,
      reset: unexpected,
    },
    close: () => Promise.resolve(),
    ...parts,
  };
}

export function guestsForTests(parts: Partial<GuestSource> = {}): GuestSource {
  return {
    backend: 'qmp',
    owns: (id) => id.startsWith('qmp:'),
    list: () => Promise.resolve([]),
    measurement: unexpected,
    inject: unexpected,
    resume: unexpected,
    destroy: unexpected,
    report: unexpected,
    configuration: unexpected,
    onChange: () => () => undefined,
    close: () => Promise.resolve(),
    ...parts,
  };
}

export const sourcesForTests = (parts: Partial<Sources> = {}): Sources => ({
  platform: platformForTests(),
  guests: [guestsForTests()],
  launchers: [],
  checks: () => Promise.resolve([]),
  ...parts,
});

export const relayOptionsForTests = (parts: Partial<RelayOptions> = {}): RelayOptions => ({
  listen: { host: '127.0.0.1', port: 0 },
  origins: [],
  pwa: new URL('http://sev-verifier.localhost:8456/'),
  state: { path: temporaryFolder(), close: () => undefined },
  log: silentLog,
  ...parts,
});
