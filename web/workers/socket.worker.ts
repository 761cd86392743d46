// Holds the sockets to relays. This script alone has a policy that allows sockets, and it can reach nothing else.
import type { FromSocket, ToSocket } from './socket-messages.ts';

/** Nothing but a relay is spoken to: what answers has to choose a version of its protocol. */
const RELAY_PROTOCOL = /^sev-relay\.v\d{1,3}$/;

const sockets = new Map<number, WebSocket>();
const say = (message: FromSocket): void => postMessage(message);

addEventListener('message', ({ data }: MessageEvent<ToSocket>) => {
  if ('open' in data) open(data.open, data.url, data.protocols);
  else if ('send' in data) sockets.get(data.send)?.send(data.frame);
  else close(data.close);
});

function open(id: number, url: string, protocols: readonly string[]): void {
  let socket: WebSocket;
  try {
    if (protocols.length === 0 || !protocols.every((one) => RELAY_PROTOCOL.test(one))) throw new TypeError('no relay');
    socket = new WebSocket(url, [...protocols]);
  } catch {
    return say({ blocked: id });
  }
  sockets.set(id, socket);
  socket.addEventListener('open', () => say({ opened: id }));
  // Bytes are no frames of the protocol: that there were some is all that the page has to know.
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) =>
    say({ heard: id, frame: typeof data === 'string' ? data : undefined }),
  );
  socket.addEventListener('close', () => {
    sockets.delete(id);
    say({ closed: id });
  });
}

function close(id: number): void {
  const socket = sockets.get(id);
  sockets.delete(id);
  socket?.close();
}
