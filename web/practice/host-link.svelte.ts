// The way to the practice host: sockets like those to a relay, whose other end is a worker of this page. Nothing leaves it.
import { deleteDB } from 'idb';
import { trustedScript } from '../offline/trusted.ts';
import type { Socket } from '../relay/connection.ts';
import { stored } from '../storage/database.ts';
import workerUrl from '../workers/practice.worker.ts?worker&url';
import { type FromHost, HOST_DATABASE, type ToHost } from './host-messages.ts';

export class HostLink {
  /** What each guest wrote on its console, by the guest's id: what somebody in front of the machine would read. */
  consoles = $state.raw<Readonly<Record<string, string>>>({});
  #worker: Worker | undefined;

  openSocket(): Socket {
    return new HostSocket((this.#worker ??= this.#start()));
  }

  /** Ends the host with its guests, and forgets its chip. */
  async forget(): Promise<void> {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.consoles = {};
    await stored(deleteDB(HOST_DATABASE));
  }

  #start(): Worker {
    const worker = new Worker(trustedScript(workerUrl), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<FromHost>) => {
      if ('guest' in data) this.consoles = { ...this.consoles, [data.guest]: data.console };
    });
    return worker;
  }
}

/** As much of a WebSocket as a connection uses. */
class HostSocket extends EventTarget {
  readonly #worker: Worker;
  readonly #stop = new AbortController();

  constructor(worker: Worker) {
    super();
    this.#worker = worker;
    const { signal } = this.#stop;
    const heard = ({ data }: MessageEvent<FromHost>): void => {
      if ('frame' in data) this.dispatchEvent(new MessageEvent('message', { data: data.frame }));
    };
    worker.addEventListener('message', heard, { signal });
    worker.addEventListener('error', () => this.dispatchEvent(new Event('close')), { signal });
    queueMicrotask(() => this.dispatchEvent(new Event('open')));
  }

  send(frame: string): void {
    this.#worker.postMessage({ frame } satisfies ToHost);
  }

  close(): void {
    this.#stop.abort();
  }
}
