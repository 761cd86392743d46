import 'fake-indexeddb/auto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../storage/database.ts';
import type { Socket } from './connection.ts';
import { Relays } from './relays.svelte.ts';

const URL = 'ws://127.0.0.1:8455';
const hello = { relay: 'test', protocol: 1, simulated: false, capabilities: [] };

/** A socket to a relay that knows one code. */
function openSocket(code: string): Socket {
  const heard: Partial<Record<string, (event: object) => void>> = {};
  const say = (name: string, event: object): void => void queueMicrotask(() => heard[name]?.(event));
  const socket = {
    addEventListener: (name: string, listener: (event: object) => void) => {
      heard[name] = listener;
      if (name === 'close') say('open', {});
    },
    send(text: string) {
      const { id, params } = JSON.parse(text) as { id: number; params: { token: string } };
      const error = { code: -32001, message: 'no', data: { reason: 'RELAY_PAIRING', next: 'no' } };
      const outcome = params.token === code ? { result: hello } : { error };
      say('message', { data: JSON.stringify({ jsonrpc: '2.0', id, ...outcome }) });
    },
    close: () => undefined,
  };
  return socket;
}

beforeAll(() => void vi.stubGlobal('addEventListener', () => undefined));

describe('pairing anew with a relay that is known', () => {
  const around = { openSocket: () => openSocket('right'), now: () => Date.now(), random: () => 0 };

  it('leaves the connection that works alone until the new code is taken', async () => {
    const relays = new Relays(await openDatabase(crypto.randomUUID()), around);
    const known = relays.pair({ url: URL, code: 'right' });
    await vi.waitFor(() => expect(known.state.name).toBe('open'));
    const stranger = relays.pair({ url: URL, code: 'held up by somebody' });
    await vi.waitFor(() => expect(stranger.state.name).toBe('stopped'));
    expect(relays.list).toEqual([known]);
    expect(known.state.name).toBe('open');
  });

  it('takes the place of one that does not answer, and of one whose code is no longer right', async () => {
    const relays = new Relays(await openDatabase(crypto.randomUUID()), around);
    const known = relays.pair({ url: URL, code: 'of before' });
    await vi.waitFor(() => expect(known.state.name).toBe('stopped'));
    const anew = relays.pair({ url: URL, code: 'right' });
    await vi.waitFor(() => expect(anew.state.name).toBe('open'));
    expect(relays.list).toEqual([anew]);
  });
});

describe('a relay that was kept before hosts were confirmed', () => {
  it('is listed, and not connected to before a press that names it', async () => {
    const database = await openDatabase(crypto.randomUUID());
    await database.put('relays', { url: URL, code: 'right', pairedAt: 1 });
    const opened: string[] = [];
    const around = {
      openSocket: (url: string) => (opened.push(url), openSocket('right')),
      now: () => 1,
      random: () => 0,
    };
    const relays = new Relays(database, around);
    await relays.load();
    expect(relays.list.map(({ confirmed }) => confirmed)).toEqual([false]);
    expect(opened).toEqual([]);
    await relays.confirm(relays.list[0]!);
    expect(opened).toEqual([URL]);
    expect(await database.get('relays', URL)).toMatchObject({ confirmed: true });
  });
});
