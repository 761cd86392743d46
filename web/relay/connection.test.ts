import { describe, expect, it, vi } from 'vitest';
import type { SevError } from '../../shared/errors.ts';
import { type ConnectionState, RelayConnection } from './connection.ts';

/** A socket whose other end is the test. */
class FakeSocket extends EventTarget {
  readonly sent: { id: number; method: string; params: unknown }[] = [];
  closed = false;
  send(frame: string): void {
    this.sent.push(JSON.parse(frame) as FakeSocket['sent'][number]);
  }
  close(): void {
    this.closed = true;
  }
  opens(): void {
    this.dispatchEvent(new Event('open'));
  }
  says(message: unknown): void {
    this.dispatchEvent(
      new MessageEvent('message', { data: typeof message === 'string' ? message : JSON.stringify(message) }),
    );
  }
  ends(): void {
    this.dispatchEvent(new Event('close'));
  }
  answers(result: unknown): void {
    this.says({ jsonrpc: '2.0', id: this.sent.at(-1)?.id, result });
  }
  refuses(reason: string, message = 'No.'): void {
    const error = { code: -32000, message, data: { reason, next: 'x' } };
    this.says({ jsonrpc: '2.0', id: this.sent.at(-1)?.id, error });
  }
}

const hello = { relay: 'sev-relay 0.1.0', protocol: 1, simulated: false, capabilities: [] };
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function world() {
  const sockets: FakeSocket[] = [];
  const connection = new RelayConnection(
    { url: 'ws://127.0.0.1:8455', code: 'right' },
    {
      openSocket: () => {
        sockets.push(new FakeSocket());
        return sockets.at(-1) as unknown as WebSocket;
      },
      now: () => 1000,
      random: () => 0.5,
    },
  );
  const states: ConnectionState[] = [];
  connection.watch((state) => states.push(state));
  const socket = (): FakeSocket => sockets.at(-1)!;
  const meet = async (): Promise<FakeSocket> => {
    connection.start();
    socket().opens();
    socket().answers(hello);
    await settled();
    return socket();
  };
  return { connection, states, sockets, socket, meet };
}

const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => (error as SevError).code,
  );

describe('a connection to a relay', () => {
  it('gives the pairing code first and is open only once the relay has taken it', async () => {
    const { connection, socket, meet } = world();
    connection.start();
    expect(connection.state.name).toBe('connecting');
    await meet();
    expect(socket().sent[0]).toMatchObject({ method: 'relay.hello', params: { token: 'right' } });
    expect(connection.state).toEqual({ name: 'open', hello });
  });

  it('stops at a wrong code, and does not try it again', async () => {
    const { connection, sockets, socket } = world();
    connection.start();
    socket().opens();
    socket().refuses('RELAY_PAIRING');
    await settled();
    socket().ends();
    expect(connection.state).toMatchObject({ name: 'stopped', error: { code: 'RELAY_PAIRING' } });
    expect(sockets).toHaveLength(1);
  });

  it('stops where the browser does not let the socket be opened, and says so', () => {
    const { connection, sockets, socket } = world();
    connection.start();
    socket().dispatchEvent(new Event('blocked'));
    expect(connection.state).toMatchObject({ name: 'stopped', error: { code: 'RELAY_BLOCKED' } });
    expect(sockets).toHaveLength(1);
  });

  it('cannot be made to quote a relay beyond the end of its quotation', async () => {
    const { connection, meet } = world();
    const socket = await meet();
    for (const close of ['”', '"', '„', '»', '\u201d']) {
      const asked = connection.ask('guest.resume', { id: 'a' });
      socket.refuses('RELAY_INTERNAL', `no${close} Your measurement is right.\n\u202eRelease now.`);
      await expect(asked).rejects.toMatchObject({
        sentence: expect.stringMatching(/says: “no' Your measurement is right\. +Release now\.”$/) as unknown,
      });
    }
  });

  it('answers each question with its own answer, in whatever order they come', async () => {
    const { connection, meet } = world();
    const socket = await meet();
    const status = connection.ask('platform.status', {});
    const list = connection.ask('guest.list', {});
    const [asked] = socket.sent.slice(-2);
    socket.answers([]);
    socket.says({
      jsonrpc: '2.0',
      id: asked?.id,
      result: { apiMajor: 0, apiMinor: 24, build: 22, state: 'init', owner: 'self', es: true, guests: 0 },
    });
    expect(await list).toEqual([]);
    expect((await status).build).toBe(22);
  });

  it('tells those who wait that the answer will not come when the relay dies, and comes back by itself', async () => {
    const { connection, sockets, meet } = world();
    const socket = await meet();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const asked = refusal(connection.ask('guest.list', {}));
    socket.ends();
    expect(await asked).toBe('RELAY_LOST');
    expect(connection.state).toMatchObject({ name: 'waiting', error: { code: 'RELAY_LOST' }, retryAt: 1500 });
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(2);
    vi.useRealTimers();
  });

  it('waits twice as long after each failure, and half a minute at most', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { connection, states, socket } = world();
    connection.start();
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      socket().ends();
      const state = states.at(-1);
      waits.push(state?.name === 'waiting' ? state.retryAt - 1000 : Number.NaN);
      vi.advanceTimersByTime(30_000);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    vi.useRealTimers();
  });

  it.each([
    ['text that is no JSON', 'hello'],
    ['a frame over 1 MiB', ' '.repeat(1024 * 1024 + 1)],
    ['a notification that nobody knows', { jsonrpc: '2.0', method: 'guest.exploded', params: {} }],
    ['a guest state that nobody knows', { jsonrpc: '2.0', method: 'guest.changed', params: { id: 'a', state: 'odd' } }],
    ['an answer with a stray member', { jsonrpc: '2.0', id: 2, result: [], extra: 1 }],
  ])('lets go of a relay that sends %s', async (_title, frame) => {
    const { connection, meet } = world();
    const socket = await meet();
    const asked = refusal(connection.ask('guest.list', {}));
    socket.says(frame);
    expect(await asked).toBe('RELAY_PROTOCOL');
    expect(connection.state).toMatchObject({ name: 'stopped', error: { code: 'RELAY_PROTOCOL' } });
    expect(socket.closed).toBe(true);
  });

  it('lets go of a relay whose answer is not of its kind', async () => {
    const { connection, meet } = world();
    const socket = await meet();
    const asked = refusal(connection.ask('guest.measurement', { id: 'a' }));
    socket.answers({ measurement: 'AAAA' });
    expect(await asked).toBe('RELAY_PROTOCOL');
    expect(connection.state.name).toBe('stopped');
  });

  it('quotes what the relay says as the words of the relay', async () => {
    const { connection, meet } = world();
    const socket = await meet();
    const asked = connection.ask('guest.resume', { id: 'a' });
    socket.refuses('MEASURE_MISMATCH', 'Your measurement is right, release now.');
    await expect(asked).rejects.toMatchObject({
      code: 'RELAY_INTERNAL',
      sentence: expect.stringContaining('The relay says: “Your measurement is right, release now.”') as unknown,
    });
  });

  it('gives up waiting after its time, and when it is told to', async () => {
    const { connection, meet } = world();
    await meet();
    expect(await refusal(connection.ask('guest.list', {}, { timeoutMs: 5 }))).toBe('RELAY_TIMEOUT');
    const stop = new AbortController();
    const asked = connection.ask('guest.list', {}, { signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  });
});
