// One connected client: hello first, bounded frames, a bounded number of requests at once, and dropped when it is
// silent or slow.
import type { WebSocket } from 'ws';
import {
  encodeError,
  encodeResult,
  type MethodName,
  parseParams,
  readRequest,
  type Request,
  type ResultOf,
} from '../../shared/relay-protocol.ts';
import { SevError } from '../../shared/errors.ts';
import type { Caller } from './answer.ts';
import { type Log, plain } from './log.ts';
import type { Pairing } from './pairing.ts';
import { PAIRING } from './words.ts';

/** Bounds that keep one client from hurting the others. */
export interface ClientLimits {
  /** How long a client may take to say who it is. */
  readonly helloMs: number;
  /** How often it is asked for a sign of life; without one until the next time it is dropped. */
  readonly pingMs: number;
  /** Requests that may wait for their answers at once. */
  readonly requests: number;
  /** Bytes that may wait for a client that reads too slowly. */
  readonly bufferedBytes: number;
  /** Frames that are no requests; after so many the client is dropped. */
  readonly faults: number;
}

export const CLIENT_LIMITS: ClientLimits = {
  helloMs: 10_000,
  pingMs: 30_000,
  requests: 32,
  bufferedBytes: 4 * 1024 * 1024,
  faults: 20,
};

/** What a client's frames reach: the pairing gate, then the answers. */
export interface Service {
  readonly log: Log;
  readonly limits: ClientLimits;
  /** @throws SevError RELAY_PAIRING, RELAY_BUSY, RELAY_STATE */
  admit(token: string): { readonly pairing: Pairing; readonly hello: ResultOf<'relay.hello'> };
  /** Whether a pairing still holds: it may be revoked, or expire, while its clients are connected. */
  isGood(pairing: Pairing): boolean;
  answer(method: MethodName, params: unknown, caller: Caller): Promise<ResultOf<MethodName>>;
}

/** Close codes: 1008 is “policy”, and its reason carries the error's code. */
const CLOSE_POLICY = 1008;
const CLOSE_UNSUPPORTED = 1003;

export class Client {
  readonly name: string;
  readonly #socket: WebSocket;
  readonly #service: Service;
  #pairing: Pairing | undefined;
  #alive = true;
  #waiting = 0;
  #faults = 0;
  readonly #timers: NodeJS.Timeout[];

  constructor(socket: WebSocket, name: string, service: Service) {
    this.#socket = socket;
    this.name = name;
    this.#service = service;
    const { helloMs, pingMs } = service.limits;
    this.#timers = [setTimeout(() => this.#dropUnlessPaired(), helloMs), setInterval(() => this.#ping(), pingMs)];
    socket.on('message', (data: Buffer, isBinary) => void this.#receive(data, isBinary));
    socket.on('pong', () => (this.#alive = true));
    socket.on('error', (error) => service.log.warn(`${name}: ${plain(error.message)}`));
    socket.on('close', () => this.#timers.forEach((timer) => clearTimeout(timer)));
  }

  /** Whose client it is; undefined until it has paired. */
  get pairing(): Pairing | undefined {
    return this.#pairing;
  }

  /** Gives its place to another: it never said who it is. */
  evict(): void {
    this.#socket.terminate();
  }

  /** Sends what happened, unless its pairing has ended meanwhile. */
  tell(frame: string): void {
    if (this.#stillGood()) this.send(frame);
  }

  /** Sends a frame, unless the client reads so slowly that it would have to be kept for it. */
  send(frame: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#service.limits.bufferedBytes) {
      this.#service.log.warn(`${this.name} reads too slowly and is dropped`);
      this.#socket.terminate();
      return;
    }
    this.#socket.send(frame);
  }

  /** Says why, then closes; whoever does not answer the closing is cut off. */
  refuse(error: SevError, id: number | null = null): void {
    this.send(encodeError(id, error));
    this.close(CLOSE_POLICY, error.code);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    const cut = setTimeout(() => this.#socket.terminate(), 1_000);
    this.#timers.push(cut);
    cut.unref();
  }

  async #receive(data: Buffer, isBinary: boolean): Promise<void> {
    this.#alive = true;
    if (isBinary) return this.close(CLOSE_UNSUPPORTED, 'text frames only');
    const heard = readRequest(data.toString('utf8'));
    if ('refusal' in heard) return this.#fault(heard.id, heard.refusal);
    const { request } = heard;
    if (!this.#pairing) return this.#hello(request);
    if (!this.#stillGood()) return;
    if (request.method === 'relay.hello') return this.#fault(request.id, new SevError('RELAY_REQUEST', TWICE));
    if (this.#waiting >= this.#service.limits.requests) return this.send(encodeError(request.id, CROWDED()));
    this.#waiting++;
    this.send(await this.#answer(request));
    this.#waiting--;
  }

  #hello(request: Request): void {
    if (request.method !== 'relay.hello') return this.refuse(new SevError('RELAY_REQUEST', HELLO_FIRST), request.id);
    try {
      const { token } = parseParams('relay.hello', request.params);
      const { hello, pairing } = this.#service.admit(token);
      this.#pairing = pairing;
      this.#service.log.info(`${this.name} is paired as ${pairing.name}`);
      this.send(encodeResult(request.id, 'relay.hello', hello));
    } catch (cause) {
      const error = toSevError(cause);
      this.#service.log.warn(`${this.name} was refused: ${error.code}`);
      this.refuse(error, request.id);
    }
  }

  async #answer({ id, method, params }: Request): Promise<string> {
    const began = performance.now();
    const took = (): string => `${(performance.now() - began).toFixed(1)} ms`;
    try {
      const result = await this.#service.answer(method, params, { name: this.name, pairing: this.#pairing! });
      this.#service.log.debug(`${this.name} ${method}: done in ${took()}`);
      return encodeResult(id, method, result);
    } catch (cause) {
      const error = toSevError(cause);
      this.#service.log.warn(`${this.name} ${method}: ${error.code} after ${took()}: ${error.sentence}`);
      if (error.code === 'RELAY_INTERNAL') this.#service.log.error(describeFault(cause));
      return encodeError(id, error);
    }
  }

  #fault(id: number | null, error: SevError): void {
    if (!this.#pairing || ++this.#faults > this.#service.limits.faults) return this.refuse(error, id);
    this.send(encodeError(id, error));
  }

  #dropUnlessPaired(): void {
    if (!this.#pairing) this.refuse(new SevError('RELAY_TIMEOUT', { because: 'The first message must come at once.' }));
  }

  /** A pairing that was revoked, or has expired, ends the connection. */
  #stillGood(): boolean {
    if (this.#pairing && this.#service.isGood(this.#pairing)) return true;
    this.refuse(new SevError('RELAY_PAIRING', PAIRING.revoked));
    return false;
  }

  #ping(): void {
    if (this.#pairing && !this.#stillGood()) return;
    if (!this.#alive) {
      this.#service.log.info(`${this.name} is silent and is dropped`);
      return this.#socket.terminate();
    }
    this.#alive = false;
    this.#socket.ping();
  }
}

const HELLO_FIRST = { because: 'The first message must be relay.hello.' };
const TWICE = { because: 'relay.hello comes once.' };
const CROWDED = (): SevError => new SevError('RELAY_BUSY', { sentence: 'Too many requests wait for their answers.' });

const toSevError = (cause: unknown): SevError =>
  cause instanceof SevError ? cause : new SevError('RELAY_INTERNAL', { cause });

// The stack says where it failed and holds no parameters.
const describeFault = (cause: unknown): string =>
  cause instanceof Error ? plain(cause.stack ?? cause.message, 900) : 'An unknown failure.';
