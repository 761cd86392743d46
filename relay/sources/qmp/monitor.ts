// A guest's monitor as the relay keeps it: connected while it is there, waited for while it is not, its state known.
import { SevError } from '../../../shared/errors.ts';
import type { GuestState } from '../../../shared/relay-protocol.ts';
import { boolean, openObject, string } from '../../../shared/schema.ts';
import type { Log } from '../../serve/log.ts';
import type { QmpEndpoint } from '../types.ts';
import { QMP_LIMITS, QmpConnection, type QmpLimits } from './connection.ts';
import { querySev } from './sev-commands.ts';

export interface MonitorLimits extends QmpLimits {
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
}

export const MONITOR_LIMITS: MonitorLimits = { ...QMP_LIMITS, firstRetryMs: 100, lastRetryMs: 5_000 };

const runState = openObject({ status: string(64), running: boolean });

/** QEMU's run states in our words; those that need an operator are “unknown”. */
const STATES: Record<string, GuestState> = {
  prelaunch: 'prelaunch',
  running: 'running',
  paused: 'paused',
  shutdown: 'shutdown',
};

const EVENT_STATES: Record<string, GuestState> = { STOP: 'paused', RESUME: 'running', SHUTDOWN: 'shutdown' };

export class GuestMonitor {
  readonly endpoint: QmpEndpoint;
  readonly #limits: MonitorLimits;
  readonly #log: Log;
  readonly #name: string;
  readonly #changed: (state: GuestState) => void;
  #connection: QmpConnection | undefined;
  #link: 'gone' | 'busy' | 'up' = 'gone';
  #state: GuestState = 'unknown';
  #sev: boolean | undefined;
  #why = new SevError('RELAY_QMP_GONE');
  /** Settles when the present attempt to connect is decided: it is there, it is busy, or it is gone. */
  #attempt: Promise<void> = Promise.resolve();
  #retryMs: number;
  #retry: NodeJS.Timeout | undefined;
  #events = 0;
  #closed = false;

  constructor(
    name: string,
    endpoint: QmpEndpoint,
    changed: (state: GuestState) => void,
    log: Log,
    limits: MonitorLimits = MONITOR_LIMITS,
  ) {
    this.#name = name;
    this.endpoint = endpoint;
    this.#changed = changed;
    this.#log = log;
    this.#limits = limits;
    this.#retryMs = limits.firstRetryMs;
    this.#connect();
  }

  /** `gone` while there is no monitor, `unknown` until that is settled and while it serves somebody else. */
  get state(): GuestState {
    return this.#state;
  }

  /** Whether the guest is an SEV guest; undefined while that is not known. */
  get sev(): boolean | undefined {
    return this.#sev;
  }

  /** Waits until it is decided whether the monitor can be talked to. */
  async settled(): Promise<void> {
    await this.#attempt;
  }

  /**
   * @throws SevError RELAY_QMP_GONE, RELAY_QMP_BUSY, RELAY_TIMEOUT, or what QEMU's words mean
   */
  async execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    return (await this.#connected()).execute(command, args);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#connection?.close();
  }

  async #connected(): Promise<QmpConnection> {
    // Asking is a reason to look again at once, instead of at the end of the wait.
    if (this.#retry !== undefined) this.#connect();
    await this.#attempt;
    if (this.#connection === undefined || this.#link !== 'up') throw this.#why;
    return this.#connection;
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#closed) return;
    const connection = new QmpConnection(
      this.endpoint,
      { event: (name) => this.#event(name), closed: (reason) => this.#lost(connection, reason) },
      this.#limits,
    );
    this.#connection = connection;
    const greeted = this.#greet(connection);
    this.#attempt = Promise.race([greeted, this.#busyAfter(this.#limits.greetingMs, connection, greeted)]);
  }

  async #greet(connection: QmpConnection): Promise<void> {
    try {
      const { major, minor, micro } = await connection.ready;
      await this.#learn(connection);
      this.#link = 'up';
      this.#retryMs = this.#limits.firstRetryMs;
      this.#log.debug(`${this.#name}: attached to QEMU ${major}.${minor}.${micro}`);
    } catch (error) {
      // A lost connection has told so itself; a monitor that does not say its guest's state is of no use either.
      connection.close(error instanceof SevError ? error : new SevError('RELAY_QMP', { cause: error }));
    }
  }

  /** Somebody else is attached: the connection stays, and is greeted when the other leaves. */
  async #busyAfter(ms: number, connection: QmpConnection, greeted: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(true), ms)));
    const busy = await Promise.race([late, greeted.then(() => false)]);
    clearTimeout(timer);
    if (!busy || this.#connection !== connection || this.#closed) return;
    this.#link = 'busy';
    this.#why = new SevError('RELAY_QMP_BUSY');
    this.#become('unknown');
  }

  async #learn(connection: QmpConnection): Promise<void> {
    const facts = await querySev((command) => connection.execute(command));
    this.#sev = facts === 'sev-snp' ? undefined : facts !== 'none';
    // An event that came meanwhile is newer than the answer: ask again.
    for (let events = -1; events !== this.#events;) {
      events = this.#events;
      const { status } = runState.parse(await connection.execute('query-status'), 'query-status');
      if (events === this.#events) this.#become(STATES[status] ?? 'unknown');
    }
  }

  #event(name: string): void {
    this.#events++;
    const state = EVENT_STATES[name];
    if (state !== undefined) this.#become(state);
    // A reset keeps the state, and everybody should look again.
    if (name === 'RESET') this.#changed(this.#state);
  }

  #lost(connection: QmpConnection, reason: SevError): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#link = 'gone';
    this.#sev = undefined;
    this.#why = reason;
    this.#become('gone');
    if (this.#closed) return;
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
    // Waiting for a monitor is no reason for the process to live.
    this.#retry.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, this.#limits.lastRetryMs);
  }

  #become(state: GuestState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (!this.#closed) this.#changed(state);
  }
}
