// One relay's socket as typed messages: asks with time-outs, hears notifications, and comes back by itself.
// The relay is untrusted transport: every frame is bounded, parsed and refused where it does not fit.
import { SevError } from '../../shared/errors.ts';
import {
  encodeRequest,
  MAX_FRAME_BYTES,
  type MethodName,
  type NotificationName,
  type NotificationOf,
  type ParamsOf,
  parseMessage,
  parseNotification,
  parseResult,
  PROTOCOL_VERSION,
  type ResultOf,
  SUBPROTOCOLS,
} from '../../shared/relay-protocol.ts';
import { backoffMs } from './backoff.ts';
import type { Pairing } from './pairing.ts';
import { fromRpcError } from './rpc-error.ts';
import { TIMEOUT_MS } from './timeouts.ts';
import { openWorkerSocket, type Socket } from './worker-socket.ts';

export type { Socket };

export type Hello = ResultOf<'relay.hello'>;

export type ConnectionState =
  | { readonly name: 'connecting' }
  | { readonly name: 'open'; readonly hello: Hello }
  /** Lost or not reached; the next try comes by itself at `retryAt` (ms since the epoch). */
  | { readonly name: 'waiting'; readonly error: SevError; readonly retryAt: number }
  /** Refused for a reason that trying again does not mend, or closed by the guest owner. */
  | { readonly name: 'stopped'; readonly error?: SevError };

/** What the page gives, and a test or practice chooses. */
export interface Surroundings {
  /** @param protocols the versions that this app speaks, of which the relay chooses one */
  readonly openSocket: (url: string, protocols: readonly string[]) => Socket;
  readonly now: () => number;
  readonly random: () => number;
}

export const BROWSER: Surroundings = {
  openSocket: openWorkerSocket,
  now: () => Date.now(),
  random: () => Math.random(),
};

interface Waiting {
  readonly method: MethodName;
  readonly settle: (outcome: { readonly result: unknown } | { readonly error: SevError }) => void;
}

/** Refusals after which the same code and address would only be refused again. */
const FINAL: ReadonlySet<string> = new Set([
  'RELAY_PAIRING',
  'RELAY_ORIGIN',
  'RELAY_PROTOCOL',
  'RELAY_FRAME',
  'RELAY_REQUEST',
  'RELAY_BLOCKED',
]);

export class RelayConnection {
  readonly pairing: Pairing;
  readonly #around: Surroundings;
  readonly #watchers = new Set<(state: ConnectionState) => void>();
  readonly #listeners = new Map<NotificationName, Set<(params: never) => void>>();
  readonly #waiting = new Map<number, Waiting>();
  #state: ConnectionState = { name: 'stopped' };
  #socket: Socket | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #lastId = 0;

  constructor(pairing: Pairing, around: Surroundings = BROWSER) {
    this.pairing = pairing;
    this.#around = around;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Hears every change of state, and the present one at once. @returns the way to stop hearing */
  watch(watcher: (state: ConnectionState) => void): () => void {
    this.#watchers.add(watcher);
    watcher(this.#state);
    return () => this.#watchers.delete(watcher);
  }

  /** @returns the way to stop hearing */
  on<N extends NotificationName>(name: N, listener: (params: NotificationOf<N>) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Connects, now: also the answer to “Try now” while waiting. */
  start(): void {
    if (this.#state.name === 'open' || this.#state.name === 'connecting') return;
    this.#attempt = 0;
    this.#connect();
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#leave(new SevError('RELAY_LOST'));
    this.#become({ name: 'stopped' });
  }

  /**
   * Asks the relay and waits for its answer.
   * @throws SevError RELAY_LOST, RELAY_TIMEOUT, RELAY_PROTOCOL, or what the relay refused with; AbortError when aborted
   */
  async ask<M extends MethodName>(
    method: M,
    params: ParamsOf<M>,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<ResultOf<M>> {
    if (this.#state.name !== 'open') throw new SevError('RELAY_LOST', { sentence: 'The relay is not connected.' });
    return this.#send(method, params, options);
  }

  #send<M extends MethodName>(
    method: M,
    params: ParamsOf<M>,
    { signal, timeoutMs = TIMEOUT_MS[method] ?? TIMEOUT_MS.default }: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<ResultOf<M>> {
    signal?.throwIfAborted();
    const id = ++this.#lastId;
    return new Promise<ResultOf<M>>((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiting.delete(id);
      };
      const fail = (error: Error): void => {
        finish();
        reject(error);
      };
      const abort = (): void => fail(signal?.reason as Error);
      const timer = setTimeout(() => fail(new SevError('RELAY_TIMEOUT', { at: method })), timeoutMs);
      signal?.addEventListener('abort', abort);
      const settle: Waiting['settle'] = (outcome) => {
        if ('error' in outcome) return fail(outcome.error);
        finish();
        try {
          resolve(parseResult(method, outcome.result));
        } catch (cause) {
          const error = cause instanceof SevError ? cause : new SevError('RELAY_PROTOCOL', { cause });
          this.#giveUp(error);
          reject(error);
        }
      };
      this.#waiting.set(id, { method, settle });
      this.#socket?.send(encodeRequest(id, method, params));
    });
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#become({ name: 'connecting' });
    const socket = this.#around.openSocket(this.pairing.url, SUBPROTOCOLS);
    this.#socket = socket;
    // A page from https may not open ws:// to a host name; the browser says so at once, and only so.
    socket.addEventListener('blocked', () => {
      if (this.#socket === socket) this.#giveUp(new SevError('RELAY_BLOCKED'));
    });
    socket.addEventListener('open', () => void this.#greet(socket));
    socket.addEventListener('message', (event: MessageEvent<unknown>) => this.#receive(socket, event.data));
    socket.addEventListener('close', () => this.#closed(socket));
  }

  async #greet(socket: Socket): Promise<void> {
    try {
      const hello = await this.#send('relay.hello', { token: this.pairing.code });
      if (hello.protocol !== PROTOCOL_VERSION) {
        throw new SevError('RELAY_PROTOCOL', { because: `It speaks version ${hello.protocol}.` });
      }
      this.#attempt = 0;
      this.#become({ name: 'open', hello });
    } catch (error) {
      if (this.#socket === socket) this.#giveUp(error instanceof SevError ? error : new SevError('RELAY_PROTOCOL'));
    }
  }

  #receive(socket: Socket, data: unknown): void {
    if (this.#socket !== socket) return;
    try {
      if (typeof data !== 'string') throw new SevError('RELAY_PROTOCOL', { because: 'It is not text.' });
      if (data.length > MAX_FRAME_BYTES) throw new SevError('RELAY_PROTOCOL', { because: 'It is larger than 1 MiB.' });
      const message = parseMessage(data);
      if ('method' in message) return this.#notify(message.method, message.params);
      const outcome = 'error' in message ? { error: fromRpcError(message.error) } : { result: message.result };
      // An answer to nobody belongs to a request that timed out or was aborted.
      if (message.id !== null) this.#waiting.get(message.id)?.settle(outcome);
      else if ('error' in outcome) this.#giveUp(outcome.error);
    } catch (error) {
      this.#giveUp(error instanceof SevError ? error : new SevError('RELAY_PROTOCOL', { cause: error }));
    }
  }

  #notify(name: NotificationName, params: unknown): void {
    const parsed = parseNotification(name, params);
    for (const listener of this.#listeners.get(name) ?? []) listener(parsed as never);
  }

  #closed(socket: Socket): void {
    if (this.#socket !== socket) return;
    const met = this.#state.name === 'open';
    this.#giveUp(new SevError(met ? 'RELAY_LOST' : 'RELAY_UNREACHABLE'));
  }

  #giveUp(error: SevError): void {
    this.#leave(error);
    if (FINAL.has(error.code)) return this.#become({ name: 'stopped', error });
    const waitMs = backoffMs(this.#attempt++, this.#around.random());
    this.#retry = setTimeout(() => this.#connect(), waitMs);
    this.#become({ name: 'waiting', error, retryAt: this.#around.now() + waitMs });
  }

  /** Lets go of the socket; whoever still waits for an answer hears why it will not come. */
  #leave(error: SevError): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    for (const { settle } of [...this.#waiting.values()]) settle({ error });
  }

  #become(state: ConnectionState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher(state);
  }
}
