// A QMP monitor on a Unix socket, as QEMU opens one with -qmp unix:PATH,server=on,wait=off: one client at a time.
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { MachineEvent } from '../../../shared/simulator/virtual-machine.ts';
import type { MonitoredGuest } from './commands.ts';
import { writeJson } from './json-writer.ts';
import type { JsonObject } from './json-values.ts';
import { MonitorConversation } from './monitor.ts';

export interface MonitorServer {
  readonly path: string;
  /** Settles when the guest has ended, and its monitor with it. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Opens a guest's monitor. It goes with the guest. */
export async function openMonitor(path: string, guest: MonitoredGuest): Promise<MonitorServer> {
  // A client that comes second is connected, but not greeted until the first has left.
  const waiting: Socket[] = [];
  let current: { readonly socket: Socket; readonly conversation: MonitorConversation } | undefined;

  const serveNext = (): void => {
    const socket = waiting.shift();
    if (!socket) return;
    const send = (message: JsonObject) => void (socket.writable && socket.write(`${writeJson(message)}\r\n`));
    const conversation = new MonitorConversation(guest, send);
    current = { socket, conversation };
    socket.on('data', (chunk: Buffer) => conversation.feed(chunk));
  };
  const arrive = (socket: Socket): void => {
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      const place = waiting.indexOf(socket);
      if (place >= 0) waiting.splice(place, 1);
      if (current?.socket !== socket) return;
      current = undefined;
      serveNext();
    });
    waiting.push(socket);
    if (!current) serveNext();
  };

  const server = createServer({ allowHalfOpen: false }, arrive);
  await listen(server, path);
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of waiting.splice(0)) socket.destroy();
    // The answer to the command that ended the guest still goes out.
    await current?.conversation.idle();
    current?.socket.destroySoon();
    await closed;
    rmSync(path, { force: true });
  };
  const ended = new Promise<void>((resolve) => {
    guest.machine.onEvent((event) => {
      current?.conversation.tell(describeEvent(event));
      if (event.name === 'SHUTDOWN') void close().then(resolve);
    });
  });
  return { path, ended, close };
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => server.once('error', reject).listen(path, resolve));

/** An event as QMP sends it. */
function describeEvent(event: MachineEvent): JsonObject {
  const now = Date.now();
  const timestamp = { seconds: Math.floor(now / 1000), microseconds: (now % 1000) * 1000 };
  return 'reason' in event
    ? { timestamp, event: event.name, data: { guest: false, reason: event.reason } }
    : { timestamp, event: event.name };
}
