// One connection to a QMP monitor: greeting, negotiation, commands with ids, events in between.
import { connect, type Socket } from 'node:net';
import { SevError } from '../../../shared/errors.ts';
import type { QmpEndpoint } from '../types.ts';
import { LineSplitter } from './lines.ts';
import { parseQmpMessage, type QemuVersion, type QmpMessage } from './messages.ts';
import { qmpError } from './words.ts';

export interface QmpLimits {
  /** Without a greeting for so long, somebody else is attached: a monitor serves one client. */
  readonly greetingMs: number;
  /** The AMD-SP takes seconds for some commands. */
  readonly commandMs: number;
  readonly lineBytes: number;
}

export const QMP_LIMITS: QmpLimits = { greetingMs: 2_000, commandMs: 30_000, lineBytes: 1024 * 1024 };

export interface QmpListener {
  event(name: string, data: unknown): void;
  closed(reason: SevError): void;
}

interface Waiting {
  readonly command: string;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: SevError) => void;
}

/** Speaks QMP over one socket. After `closed` it is of no more use. */
export class QmpConnection {
  readonly #socket: Socket;
  readonly #limits: QmpLimits;
  readonly #listener: QmpListener;
  readonly #lines: LineSplitter;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #closed: SevError | undefined;
  #greeted!: (version: QemuVersion) => void;
  #refused!: (error: SevError) => void;
  /** QEMU's version, once it has greeted and capabilities are negotiated. */
  readonly ready: Promise<QemuVersion>;

  constructor(endpoint: QmpEndpoint, listener: QmpListener, limits: QmpLimits = QMP_LIMITS) {
    this.#limits = limits;
    this.#listener = listener;
    this.#lines = new LineSplitter(limits.lineBytes);
    const greeted = new Promise<QemuVersion>((resolve, reject) => {
      this.#greeted = resolve;
      this.#refused = reject;
    });
    this.ready = greeted.then(async (version) => {
      await this.execute('qmp_capabilities');
      return version;
    });
    // Whoever asks for `ready` sees its failure; without anybody asking, `closed` has told it.
    this.ready.catch(() => undefined);
    this.#socket = connect(endpoint);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (piece) => this.#receive(piece));
    this.#socket.on('error', (cause) => this.#end(goneError(cause)));
    this.#socket.on('close', () => this.#end(goneError()));
  }

  /**
   * Sends a command and waits for its reply, whatever comes in between.
   * @throws SevError RELAY_QMP_GONE, RELAY_TIMEOUT, or what QEMU's own words mean
   */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new SevError('RELAY_TIMEOUT', { at: command, because: 'QEMU took the command and did not answer.' }));
      }, this.#limits.commandMs);
      this.#waiting.set(id, { command, timer, resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, ...(args && { arguments: args }), id })}\n`);
    });
  }

  close(reason: SevError = goneError()): void {
    this.#end(reason);
  }

  #receive(piece: Buffer): void {
    try {
      for (const line of this.#lines.push(piece)) this.#take(parseQmpMessage(line));
    } catch (error) {
      this.#end(error instanceof SevError ? error : goneError(error));
    }
  }

  #take(message: QmpMessage): void {
    if (this.#closed) return;
    switch (message.kind) {
      case 'greeting':
        return this.#greeted(message.version);
      case 'event':
        return this.#listener.event(message.name, message.data);
      case 'return':
        return this.#settle(message.id, ({ resolve }) => resolve(message.value));
      case 'error':
        return this.#settle(message.id, ({ command, reject }) => reject(qmpError(command, message.failure)));
    }
  }

  /** A reply that nobody waits for came too late, or answers a line that QEMU could not read: there is no such line. */
  #settle(id: number | undefined, settle: (waiting: Waiting) => void): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    settle(waiting);
  }

  #end(reason: SevError): void {
    if (this.#closed) return;
    this.#closed = reason;
    this.#socket.destroy();
    this.#refused(reason);
    for (const { timer, reject } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    this.#waiting.clear();
    this.#listener.closed(reason);
  }
}

const GONE_WORDS: Record<string, string> = {
  ENOENT: 'Its socket is not there.',
  ECONNREFUSED: 'Nobody listens at its address any more.',
  EACCES: 'This user may not open its socket.',
};

function goneError(cause?: unknown): SevError {
  const because = GONE_WORDS[(cause as NodeJS.ErrnoException | undefined)?.code ?? ''];
  return new SevError('RELAY_QMP_GONE', { ...(because !== undefined && { because }), cause });
}
