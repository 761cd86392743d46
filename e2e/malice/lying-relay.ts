// A relay that lies: it stands between the page and a true relay, hands everything on, and changes what it is told to.
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { type MethodName, SUBPROTOCOL } from '../../shared/relay-protocol.ts';
import type { Relay } from '../world.ts';

/** An answer as it stands in JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Answer = { readonly [name: string]: Json };

/** What the page gets to hear instead of the truth. */
export type Told =
  | { readonly result: Json }
  | { readonly error: Json }
  /** These frames, instead of the answer or around it. */
  | { readonly frames: readonly (string | Buffer)[] }
  | 'nothing'
  | 'the end of the connection';

export interface Lie {
  /** The answer that is not given as it is. */
  readonly at: MethodName;
  /** The request never reaches the true relay. */
  readonly swallows?: boolean;
  /** @param id of the request, for lies that write their own frames */
  readonly tell: (truth: Json, id: number, before: ReadonlyMap<MethodName, Json>) => Told;
}

interface Frame {
  readonly id?: number;
  readonly method?: MethodName;
  readonly params?: Json;
  readonly result?: Json;
}

export class LyingRelay {
  readonly #server: WebSocketServer;
  readonly #truth: Relay;
  readonly #connections = new Set<WebSocket>();
  /** The last true answer to each method, for lies that repeat an old one. */
  readonly before = new Map<MethodName, Json>();
  /** Every frame, in both directions. */
  readonly frames: string[] = [];
  /** Requests of the page, in order, as the page sent them. */
  readonly requests: { readonly method: MethodName; readonly params: Json }[] = [];
  /** What is told now; one lie for a method. */
  lies: readonly Lie[] = [];
  /** Lies that were told so far. */
  readonly told = new Set<Lie>();
  /** Sees every frame before it goes on, and may change it; undefined drops it. */
  tap: (frame: string) => string | undefined = (frame) => frame;

  private constructor(truth: Relay, server: WebSocketServer) {
    this.#truth = truth;
    this.#server = server;
    server.on('connection', (page) => this.#connect(page));
  }

  static async start(truth: Relay): Promise<LyingRelay> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => SUBPROTOCOL });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    return new LyingRelay(truth, server);
  }

  /** How many pages have connected so far. */
  connections = 0;

  get address(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The pairing link of the true relay, with this one's address in it. */
  get link(): string {
    return this.#truth.link.replace(this.#truth.address, this.address);
  }

  asked(method: MethodName): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  /** Says something that nobody asked for. */
  volunteer(frame: string | Buffer): void {
    for (const page of this.#connections) page.send(frame, { binary: typeof frame !== 'string' });
  }

  /** As when the network goes away for a moment. */
  cut(): void {
    for (const page of this.#connections) page.terminate();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(page: WebSocket): void {
    this.connections++;
    const relay = new WebSocket(this.#truth.address, SUBPROTOCOL);
    const asked = new Map<number, MethodName>();
    const waiting: string[] = [];
    this.#connections.add(page);
    page.on('message', (data) => {
      const said = textOf(data);
      this.#record(said);
      const frame = this.tap(said);
      if (frame === undefined) return;
      const swallower = this.#hear(frame, asked);
      if (swallower) return this.#tell(page, swallower, null, idOf(frame));
      if (relay.readyState === relay.OPEN) relay.send(frame);
      else waiting.push(frame);
    });
    relay.on('open', () => waiting.forEach((frame) => relay.send(frame)));
    relay.on('message', (data) => {
      const frame = this.tap(textOf(data));
      if (frame !== undefined) this.#answer(page, frame, asked);
    });
    const end = (): void => {
      this.#connections.delete(page);
      page.close();
      relay.close();
    };
    for (const side of [page, relay]) side.on('close', end).on('error', end);
  }

  /** Before anything is done to it on the way: it is the page that is judged by it. */
  #record(said: string): void {
    this.frames.push(said);
    const { id, method, params = null } = parse(said);
    if (id !== undefined && method !== undefined) this.requests.push({ method, params });
  }

  /** @returns the lie that keeps this request from the true relay */
  #hear(frame: string, asked: Map<number, MethodName>): Lie | undefined {
    const { id, method } = parse(frame);
    if (id === undefined || method === undefined) return undefined;
    asked.set(id, method);
    return this.lies.find(({ at, swallows }) => at === method && swallows);
  }

  #answer(page: WebSocket, frame: string, asked: ReadonlyMap<number, MethodName>): void {
    const { id, result } = parse(frame);
    const method = id === undefined ? undefined : asked.get(id);
    const lie = this.lies.find(({ at }) => at === method);
    if (lie && id !== undefined) return this.#tell(page, lie, result ?? null, id);
    if (method !== undefined && result !== undefined) this.before.set(method, result);
    this.#say(page, frame);
  }

  #tell(page: WebSocket, lie: Lie, truth: Json, id: number): void {
    this.told.add(lie);
    const told = lie.tell(truth, id, this.before);
    if (told === 'nothing') return;
    if (told === 'the end of the connection') return page.terminate();
    const frames = 'frames' in told ? told.frames : [JSON.stringify({ jsonrpc: '2.0', id, ...told })];
    for (const one of frames) this.#say(page, one);
  }

  #say(page: WebSocket, frame: string | Buffer): void {
    this.frames.push(frame.toString());
    if (page.readyState === page.OPEN) page.send(frame, { binary: typeof frame !== 'string' });
  }
}

/** A frame that was spoilt on the way is handed on as it is. */
function parse(frame: string): Frame {
  try {
    return JSON.parse(frame) as Frame;
  } catch {
    return {};
  }
}
const idOf = (frame: string): number => parse(frame).id ?? -1;
const textOf = (data: RawData): string => (data as Buffer).toString('utf8');
