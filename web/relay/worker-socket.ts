// The page's end of a socket to a relay. The socket itself is in a worker: the page's own policy lets it reach nothing but this
// app's files.
import { trustedScript } from '../offline/trusted.ts';
import workerUrl from '../workers/socket.worker.ts?worker&url';
import type { FromSocket, ToSocket } from '../workers/socket-messages.ts';

/** What is used of a WebSocket, which is in a worker; that of practice has its other end there, too. It says `blocked`, besides. */
export type Socket = Pick<WebSocket, 'send' | 'close' | 'addEventListener'>;

const CLOSING_MS = 2_000;
let worker: Worker | undefined;
let lastId = 0;
const sockets = new Map<number, WorkerSocket>();

/** Begins to open a socket; `blocked` tells that the browser does not let it be. */
export function openWorkerSocket(url: string, protocols: readonly string[]): Socket {
  return new WorkerSocket((worker ??= start()), url, protocols);
}

function start(): Worker {
  const started = new Worker(trustedScript(workerUrl), { type: 'module' });
  started.addEventListener('message', ({ data }: MessageEvent<FromSocket>) => {
    if ('opened' in data) sockets.get(data.opened)?.dispatchEvent(new Event('open'));
    else if ('heard' in data) sockets.get(data.heard)?.dispatchEvent(new MessageEvent('message', { data: data.frame }));
    else if ('blocked' in data) end(data.blocked, 'blocked');
    else end(data.closed, 'close');
  });
  // One that cannot be started, or has crashed, takes its sockets with it; the next try starts another.
  started.addEventListener('error', () => {
    if (worker === started) worker = undefined;
    for (const id of [...sockets.keys()]) end(id, 'close');
  });
  return started;
}

function end(id: number, event: 'blocked' | 'close'): void {
  const socket = sockets.get(id);
  sockets.delete(id);
  socket?.dispatchEvent(new Event(event));
  setTimeout(retire);
}

/** Without sockets there is no worker: the next one is started anew, by then under the service worker's headers. */
function retire(): void {
  if (sockets.size > 0) return;
  worker?.terminate();
  worker = undefined;
}

/** As much of a WebSocket as a connection uses. */
class WorkerSocket extends EventTarget {
  readonly #worker: Worker;
  readonly #id = ++lastId;

  constructor(to: Worker, url: string, protocols: readonly string[]) {
    super();
    this.#worker = to;
    sockets.set(this.#id, this);
    this.#say({ open: this.#id, url, protocols });
  }

  send(frame: string): void {
    this.#say({ send: this.#id, frame });
  }

  close(): void {
    this.#say({ close: this.#id });
    sockets.delete(this.#id);
    // The closing handshake is the worker's to finish, where it has a moment for it.
    setTimeout(retire, CLOSING_MS);
  }

  #say(message: ToSocket): void {
    this.#worker.postMessage(message);
  }
}
