// Apps and relays of different days: an app that is offline for months meets the relay of today, and the other way round.
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { METHODS, type MethodName, parseParams, SUBPROTOCOL } from '../../shared/relay-protocol.ts';
import { start } from '../../relay/serve/relay.ts';
import { relayOptionsForTests, sourcesForTests, TestClient } from '../../relay/testing/testing.ts';
import { RelayConnection, type Socket } from '../../web/relay/connection.ts';
import { hear, lean, trueAnswers } from './hearing.ts';
import type { Json } from './lying-relay.ts';
import { V1 } from './v1.ts';

const METHOD_NAMES = Object.keys(METHODS) as MethodName[];
const V1_NAMES = Object.keys(V1) as MethodName[];

/** What a later relay may add to any object: a value of each kind. */
const LATER = { technology: 'sev-snp', tcb: { snp: 8, microcode: [72] }, since: null, 'x-vendor': false };

/** The answer with further members in every object of it, at every depth. */
function grown(answer: Json): Json {
  if (Array.isArray(answer)) return (answer as readonly Json[]).map(grown);
  if (typeof answer !== 'object' || answer === null) return answer;
  const known = Object.entries(answer as { readonly [name: string]: Json }).map(([name, value]) => [
    name,
    grown(value),
  ]);
  return { ...LATER, ...(Object.fromEntries(known) as { readonly [name: string]: Json }) };
}

let made: ReturnType<typeof trueAnswers> | undefined;
const truths = (): ReturnType<typeof trueAnswers> => (made ??= trueAnswers());

describe('the app of today hears a later relay', () => {
  it.each(METHOD_NAMES)('that says more in answer to %s, and keeps what it knows of it', async (method) => {
    const answers = await truths();
    const [hello, answer] = [answers.get('relay.hello')!, answers.get(method)!];
    const plain = await hear(hello, method, answer);
    const more = await hear(grown(hello), method, grown(answer));
    expect(more.state.name).toBe('open');
    expect(more.code).toBe('answered');
    expect(more.result).toEqual(plain.result);
    expect(JSON.stringify(more.result)).not.toContain('technology');
  });

  it('that can do more than the app knows of', async () => {
    const hello = (await truths()).get('relay.hello') as { readonly capabilities: readonly Json[] };
    const later = { ...hello, capabilities: [...hello.capabilities, 'snp.launch', 'guest.migrate'] };
    const { state } = await hear(later, 'guest.list', (await truths()).get('guest.list')!);
    expect(state.name).toBe('open');
  });

  it('and still refuses a known member that a later relay fills with something else', async () => {
    const answers = await truths();
    const list = answers.get('guest.list') as readonly { readonly [name: string]: Json }[];
    const heard = await hear(answers.get('relay.hello')!, 'guest.list', [{ ...list[0], ...LATER, state: 'migrating' }]);
    expect(heard.code).toBe('RELAY_PROTOCOL');
  });
});

describe('the app of today hears an earlier relay', () => {
  it.each(METHOD_NAMES)('that leaves out of %s all that may be left out', async (method) => {
    const answers = await truths();
    const hello = { ...(answers.get('relay.hello') as { readonly [name: string]: Json }), capabilities: [] };
    const { code, state } = await hear(hello, method, lean(answers.get(method)!));
    expect(state.name).toBe('open');
    expect(code).toBe('answered');
  });
});

async function relayOfToday(): Promise<{ url: string; code: string; link: string }> {
  const relay = await start(relayOptionsForTests(), sourcesForTests());
  onTestFinished(() => relay.close());
  return { url: relay.url, code: /code=(.*)$/.exec(relay.pairingLink)![1]!, link: relay.pairingLink };
}

describe('a later app meets the relay of today', () => {
  it('which chooses the version that both speak, and answers on the same connection after what it does not know', async () => {
    const { url: address, code } = await relayOfToday();
    const connection = new RelayConnection(
      { url: address, code },
      {
        openSocket: (url, protocols) =>
          new WebSocket(url, ['sev-relay.v9', ...protocols], { perMessageDeflate: false }) as unknown as Socket,
        now: () => 0,
        random: () => 0,
      },
    );
    onTestFinished(() => connection.stop());
    connection.start();
    await new Promise<void>((resolve) => connection.watch(({ name }) => void (name === 'open' && resolve())));
    const later = (method: string, params: object): Promise<unknown> => connection.ask(method as 'guest.list', params);
    await expect(later('snp.launch', {})).rejects.toMatchObject({ code: 'RELAY_METHOD' });
    await expect(later('guest.list', { technology: 'sev-snp' })).rejects.toMatchObject({
      code: 'RELAY_PARAMS',
      sentence: expect.stringContaining('technology') as string,
    });
    expect(await connection.ask('guest.list', {})).toEqual([]);
    expect(connection.state.name).toBe('open');
  });
});

describe('an app of the first version meets the relay of today', () => {
  it.each(V1_NAMES)('which takes its %s, and answers with all that it reads', async (method) => {
    const { params, result } = V1[method]!;
    expect(() => parseParams(method, params)).not.toThrow();
    const answer = (await truths()).get(method)!;
    for (const one of Array.isArray(answer) ? (answer as readonly Json[]) : [answer]) {
      expect(Object.keys(one as object)).toEqual(expect.arrayContaining([...result]));
    }
  });

  it('and is let in by the name of its version', async () => {
    const { link } = await relayOfToday();
    const { socket } = await TestClient.pair(link);
    expect(socket.protocol).toBe(SUBPROTOCOL);
    const { url } = await relayOfToday();
    expect((await new TestClient(url, {}, ['sev-relay.v1']).open()).socket.protocol).toBe('sev-relay.v1');
  });
});
