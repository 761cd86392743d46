import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { encodeRequest, MAX_FRAME_BYTES, METHODS, PROTOCOL_VERSION } from '../../shared/relay-protocol.ts';
import { makeLog } from './log.ts';
import { addPairing, revokePairing } from './pairing.ts';
import { type Relay, type RelayOptions, type Sources, start } from './relay.ts';
import {
  deferred,
  eventually,
  findProgram,
  guestsForTests,
  NO_ID,
  relayOptionsForTests,
  sourcesForTests,
  temporaryFolder,
  TestClient,
} from '../testing/testing.ts';

async function relayForTests(options: Partial<RelayOptions> = {}, sources: Partial<Sources> = {}): Promise<Relay> {
  const relay = await start(relayOptionsForTests(options), sourcesForTests(sources));
  onTestFinished(() => relay.close());
  return relay;
}

const describeWithOpenssl = (title: string, suite: () => void): void => {
  if (findProgram('openssl') !== undefined) describe(title, suite);
  else describe.skip(`${title} (needs openssl)`, suite);
};

/** A relay's log, and what it has said so far. */
function listeningLog() {
  let said = '';
  return { log: makeLog('info', (text) => (said += text)), lines: () => said };
}

const hello = (token: string): string => encodeRequest(0, 'relay.hello', { token });

/** How an upgrade with these headers is answered: a status, or 101. */
function upgradeStatus(url: string, headers: Record<string, string>): Promise<number> {
  const { host } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request(`http://${host}/`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'sec-websocket-protocol': 'sev-relay.v1',
        ...headers,
      },
    });
    asked.on('upgrade', (_response, socket) => (socket.destroy(), resolve(101)));
    asked.on('response', (response) => resolve(response.statusCode ?? 0));
    asked.on('error', reject);
    asked.end();
  });
}

describe('pairing', () => {
  it('lets a client in that knows the code, and says what it met', async () => {
    const relay = await relayForTests();
    const fragment = new URLSearchParams(new URL(relay.pairingLink).hash.slice(1));
    expect(new URL(relay.pairingLink).search).toBe('?demo');
    expect(fragment.get('relay')).toBe(relay.url);
    const client = await new TestClient(relay.url).open();
    const met = await client.ask('relay.hello', { token: fragment.get('code')!.toUpperCase().replaceAll('-', ' ') });
    expect(met).toMatchObject({ relay: 'sev-relay 0.1.0', protocol: PROTOCOL_VERSION, simulated: true });
    expect(met.capabilities).toContain('guest.inject');
    expect(met.capabilities).not.toContain('owner.reset');
    expect(met.capabilities).not.toContain('guest.launch');
  });

  it('refuses a wrong code in words and closes', async () => {
    const client = await new TestClient((await relayForTests()).url).open();
    await expect(client.ask('relay.hello', { token: 'wrong' })).rejects.toMatchObject({ code: 'RELAY_PAIRING' });
    expect(await client.closed).toEqual({ code: 1008, reason: 'RELAY_PAIRING' });
  });

  it('lets the right code in however many wrong ones came from the same address', async () => {
    const relay = await relayForTests();
    const guess = async (token: string): Promise<unknown> =>
      (await new TestClient(relay.url).open()).ask('relay.hello', { token }).catch((error: unknown) => error);
    for (let i = 0; i < 30; i++) expect(await guess(`wrong ${i}`)).toMatchObject({ code: 'RELAY_PAIRING' });
    const code = new URLSearchParams(new URL(relay.pairingLink).hash.slice(1)).get('code')!;
    expect(await guess(code)).toMatchObject({ protocol: PROTOCOL_VERSION });
  });

  it('lets the right code in beside a crowd that says nothing and comes back at once', async () => {
    const relay = await relayForTests({ places: { unpaired: 40, unpairedOfOneAddress: 20 } });
    const crowd = new Set<WebSocket>();
    let over = false;
    const join = (): void => {
      if (over) return;
      const one = new WebSocket(relay.url, 'sev-relay.v1');
      crowd.add(one);
      one.on('error', () => undefined).on('close', () => (crowd.delete(one), setTimeout(join, 5)));
    };
    for (let i = 0; i < 60; i++) join();
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (let i = 0; i < 5; i++) (await TestClient.pair(relay.pairingLink)).socket.close();
    over = true;
    for (const one of crowd) one.terminate();
  });

  it('ends a connection whose code is revoked, at its next word, and takes the code no more', async () => {
    const options = relayOptionsForTests();
    const relay = await start(options, sourcesForTests());
    onTestFinished(() => relay.close());
    const scope = { guests: 'own', ownership: false } as const;
    const code = addPairing(options.state, { name: 'alice', scope }, Date.now());
    const client = await new TestClient(relay.url).open();
    await client.ask('relay.hello', { token: code });
    await client.ask('platform.status', {});
    revokePairing(options.state, 'alice');
    await expect(client.ask('platform.status', {})).rejects.toThrow(/closed 1008 RELAY_PAIRING/);
    const again = await new TestClient(relay.url).open();
    await expect(again.ask('relay.hello', { token: code })).rejects.toMatchObject({ code: 'RELAY_PAIRING' });
    await TestClient.pair(relay.pairingLink);
  });

  it('closes on anything before hello, without answering it', async () => {
    const client = await new TestClient((await relayForTests()).url).open();
    const answer = await client.exchange(1, encodeRequest(1, 'platform.status', {}));
    expect(JSON.parse(answer)).toMatchObject({ id: 1, error: { code: -32600, data: { reason: 'RELAY_REQUEST' } } });
    expect(await client.closed).toEqual({ code: 1008, reason: 'RELAY_REQUEST' });
    expect(client.frames.filter((frame) => frame.includes('apiMajor'))).toEqual([]);
  });

  it('drops who says nothing', async () => {
    const relay = await relayForTests({ limits: { helloMs: 50 } });
    const client = await new TestClient(relay.url).open();
    expect(await client.closed).toEqual({ code: 1008, reason: 'RELAY_TIMEOUT' });
  });

  it('keeps the code for the next relay on the same state folder', async () => {
    const options = relayOptionsForTests();
    const first = await start(options, sourcesForTests());
    await first.close();
    const second = await start(options, sourcesForTests());
    onTestFinished(() => second.close());
    const codeOf = (relay: Relay): string => /code=(.*)$/.exec(relay.pairingLink)![1]!;
    expect(codeOf(second)).toBe(codeOf(first));
  });

  it('never writes the code to the log', async () => {
    let written = '';
    const relay = await relayForTests({ log: makeLog('debug', (text) => (written += text)) });
    const code = /code=(.*)$/.exec(relay.pairingLink)![1]!;
    const client = await TestClient.pair(relay.pairingLink);
    await client.ask('platform.status', {});
    await new TestClient(relay.url)
      .open()
      .then((other) => other.ask('relay.hello', { token: `${code}x` }).catch(() => 0));
    expect(written).toContain('client 1 is paired');
    expect(written).toContain('platform.status: done');
    expect(written).not.toContain(code.slice(0, 4));
  });
});

describe('who may connect', () => {
  it.each([
    [undefined, true],
    ['http://sev-verifier.localhost:8456', true],
    ['http://localhost:4173', true],
    ['http://evil.localhost:8456', false],
    ['http://sev-verifier.localhost.evil.example', false],
    ['http://127.0.0.1:8080', true],
    ['https://[::1]', true],
    ['https://verifier.example', true],
    ['https://evil.example', false],
    ['https://localhost.evil.example', false],
    ['http://127.0.0.1.evil.example', false],
    ['null', false],
    ['file://', false],
  ])('a page of %s: %s', async (origin, allowed) => {
    const relay = await relayForTests({ origins: ['https://verifier.example'] });
    const code = /code=(.*)$/.exec(relay.pairingLink)![1]!;
    const client = await new TestClient(relay.url, origin === undefined ? {} : { origin }).open();
    if (allowed) return expect(await client.ask('relay.hello', { token: code })).toBeDefined();
    expect(await client.closed).toEqual({ code: 1008, reason: 'RELAY_ORIGIN' });
    expect(client.frames[0]).toContain('--origin');
  });

  it.each([
    ['localhost:1', 101],
    ['127.0.0.1:1', 101],
    ['[::1]:1', 101],
    ['192.168.1.20', 101],
    ['rebound.evil.example:8455', 421],
    ['localhost.evil.example', 421],
    ['evil.example:x', 421],
  ])('a request for the host “%s”: %i', async (host, status) => {
    expect(await upgradeStatus((await relayForTests()).url, { host })).toBe(status);
  });

  it.each([
    ['sev-relay.v1', 101],
    ['sev-relay.v3, sev-relay.v2,sev-relay.v1', 101],
    ['sev-relay.v2', 400],
    ['chat', 400],
    ['', 400],
  ])('the versions “%s” are answered with %i', async (offered, status) => {
    expect(await upgradeStatus((await relayForTests()).url, { 'sec-websocket-protocol': offered })).toBe(status);
  });

  it('of several versions the newest that both know is spoken', async () => {
    const client = await new TestClient((await relayForTests()).url, {}, ['sev-relay.v2', 'sev-relay.v1']).open();
    expect(client.socket.protocol).toBe('sev-relay.v1');
  });

  it('tells a browser that came by http what this is', async () => {
    const relay = await relayForTests();
    const response = await fetch(relay.url.replace('ws:', 'http:'));
    expect(response.status).toBe(426);
    expect(await response.text()).toContain('sev-relay');
  });

  it('refuses clients beyond its limit, in words, and takes one again when another leaves', async () => {
    const relay = await relayForTests({ places: { paired: 2 } });
    const first = await TestClient.pair(relay.pairingLink);
    await TestClient.pair(relay.pairingLink);
    const third = await new TestClient(relay.url).open();
    const token = /code=(.*)$/.exec(relay.pairingLink)![1]!;
    await expect(third.ask('relay.hello', { token })).rejects.toMatchObject({ code: 'RELAY_BUSY' });
    expect(await third.closed).toEqual({ code: 1008, reason: 'RELAY_BUSY' });
    first.socket.close();
    await first.closed;
    await eventually(
      () =>
        TestClient.pair(relay.pairingLink).then(
          () => true,
          () => false,
        ),
      (let_in) => let_in,
    );
  });
});

describe('frames', () => {
  it('over 1 MiB end the connection before they are parsed', async () => {
    const relay = await relayForTests();
    const client = await TestClient.pair(relay.pairingLink);
    client.socket.send(' '.repeat(MAX_FRAME_BYTES + 1));
    expect((await client.closed).code).toBe(1009);
    expect((await TestClient.pair(relay.pairingLink)).socket.readyState).toBe(WebSocket.OPEN);
  });

  it('of bytes end the connection', async () => {
    const client = await TestClient.pair((await relayForTests()).pairingLink);
    client.socket.send(Buffer.from('{}'));
    expect((await client.closed).code).toBe(1003);
  });

  it.each([
    ['no JSON', 'hello', null, -32700, 'RELAY_FRAME'],
    ['deep nesting', '['.repeat(100_000), null, -32700, 'RELAY_FRAME'],
    ['an array', '[]', null, -32600, 'RELAY_REQUEST'],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"platform.status"}]', null, -32600, 'RELAY_REQUEST'],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"platform.status"}', 1, -32600, 'RELAY_REQUEST'],
    ['no version', '{"id":1,"method":"platform.status"}', 1, -32600, 'RELAY_REQUEST'],
    ['a stray member', '{"jsonrpc":"2.0","id":1,"method":"platform.status","x":1}', 1, -32600, 'RELAY_REQUEST'],
    ['no method', '{"jsonrpc":"2.0","id":1}', 1, -32600, 'RELAY_REQUEST'],
    ['a method of another kind', '{"jsonrpc":"2.0","id":1,"method":7}', 1, -32600, 'RELAY_REQUEST'],
    ['no id', '{"jsonrpc":"2.0","method":"platform.status"}', null, -32600, 'RELAY_REQUEST'],
    ['an id of text', '{"jsonrpc":"2.0","id":"a","method":"platform.status"}', null, -32600, 'RELAY_REQUEST'],
    ['a fraction as id', '{"jsonrpc":"2.0","id":1.5,"method":"platform.status"}', null, -32600, 'RELAY_REQUEST'],
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"qmp.execute"}', 1, -32601, 'RELAY_METHOD'],
    ['a method of Object', '{"jsonrpc":"2.0","id":0,"method":"constructor"}', 0, -32601, 'RELAY_METHOD'],
    ['a second hello', '{"jsonrpc":"2.0","id":9,"method":"relay.hello","params":{}}', 9, -32600, 'RELAY_REQUEST'],
  ])('with %s are refused by their id, and the connection lives', async (_, frame, id, code, reason) => {
    const client = await TestClient.pair((await relayForTests()).pairingLink);
    const answer = JSON.parse(await client.exchange(id ?? NO_ID, frame)) as { error: { message: string } };
    expect(answer).toMatchObject({ id, error: { code, data: { reason } } });
    expect(answer.error.message).toMatch(/^The relay (received|does not know)/);
    expect(await client.ask('platform.status', {})).toMatchObject({ apiMajor: 1 });
  });

  it.each([
    ['{"id":7}', 'id'],
    ['{"id":"x","extra":1}', 'extra'],
    [`{"id":"${'x'.repeat(200)}"}`, 'id'],
    ['[]', ''],
  ])('with wrong parameters %s name the member', async (params, member) => {
    const client = await TestClient.pair((await relayForTests()).pairingLink);
    const answer = await client.exchange(5, `{"jsonrpc":"2.0","id":5,"method":"guest.measurement","params":${params}}`);
    expect(answer).toContain('RELAY_PARAMS');
    expect(answer).toContain(member);
    expect(answer, 'one general sentence, then the facts').not.toContain('A field holds');
  });

  it('that are garbage are counted, and too many end it', async () => {
    const client = await TestClient.pair((await relayForTests()).pairingLink);
    for (let i = 0; i < 25; i++) client.sendRaw('garbage');
    expect(await client.closed).toEqual({ code: 1008, reason: 'RELAY_FRAME' });
  });
});

describe('clients', () => {
  it('may have only so many requests waiting', async () => {
    const slow = deferred<[]>();
    const guests = [guestsForTests({ list: () => slow.promise })];
    const client = await TestClient.pair((await relayForTests({ limits: { requests: 2 } }, { guests })).pairingLink);
    const lists = [client.ask('guest.list', {}), client.ask('guest.list', {})];
    await expect(client.ask('guest.list', {})).rejects.toMatchObject({ code: 'RELAY_BUSY' });
    slow.resolve([]);
    expect(await Promise.all(lists)).toEqual([[], []]);
  });

  it('that give no sign of life are dropped', async () => {
    const { log, lines } = listeningLog();
    const relay = await relayForTests({ limits: { pingMs: 250 }, log });
    const client = await TestClient.pair(relay.pairingLink);
    const observer = await TestClient.pair(relay.pairingLink);
    // A paused client neither answers a ping nor sees the end: the relay tells when it drops it.
    client.socket.pause();
    await eventually(lines, (said) => said.includes('client 1 is silent'));
    expect(observer.socket.readyState).toBe(WebSocket.OPEN);
    client.socket.resume();
    expect((await client.closed).code).toBe(1006);
  });

  it('that read too slowly are dropped', async () => {
    const id = `qmp:${'x'.repeat(120)}`;
    const many = Array.from({ length: 2_000 }, (_, i) => ({
      id: `${id}${i}`.slice(-128),
      name: id,
      backend: 'qmp' as const,
      state: 'running' as const,
    }));
    const guests = [guestsForTests({ list: () => Promise.resolve(many) })];
    const { log, lines } = listeningLog();
    const relay = await relayForTests({ limits: { bufferedBytes: 64 * 1024 }, log }, { guests });
    const client = await TestClient.pair(relay.pairingLink);
    client.socket.pause();
    for (let i = 0; i < 30; i++) client.sendRaw(encodeRequest(1000 + i, 'guest.list', {}));
    await eventually(lines, (said) => said.includes('reads too slowly'));
    client.socket.resume();
    expect((await client.closed).code).toBe(1006);
    expect((await TestClient.pair(relay.pairingLink)).socket.readyState).toBe(WebSocket.OPEN);
  });

  it('are told when a guest changes', async () => {
    let tell: (change: { id: string; state: 'running' }) => void = () => undefined;
    const guests = [guestsForTests({ onChange: (listener) => ((tell = listener), () => undefined) })];
    const relay = await relayForTests({}, { guests });
    const client = await TestClient.pair(relay.pairingLink);
    const stranger = await new TestClient(relay.url).open();
    tell({ id: 'qmp:a', state: 'running' });
    await eventually(
      () => client.notifications,
      ({ length }) => length === 1,
    );
    expect(client.notifications).toEqual([{ method: 'guest.changed', params: { id: 'qmp:a', state: 'running' } }]);
    expect(stranger.frames).toEqual([]);
  });

  it('are told when the relay ends', async () => {
    const relay = await start(relayOptionsForTests(), sourcesForTests());
    const client = await TestClient.pair(relay.pairingLink);
    await relay.close();
    expect((await client.closed).code).toBe(1001);
  });
});

describe('a connection that is no client', () => {
  /** Says so much and then nothing, and never hangs up by itself. */
  async function silent(relay: Relay, said: string): Promise<Socket> {
    const { hostname: host, port } = new URL(relay.url);
    const socket = connect({ host, port: Number(port), allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    await new Promise((resolve) => socket.on('error', () => undefined).once('connect', resolve));
    socket.resume().write(said);
    return socket;
  }
  const HALF = 'GET / HTTP/1.1\r\nHost: loc';
  const UPGRADE = 'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

  it.each(['', HALF, UPGRADE])('does not keep the relay from ending: %j', async (said) => {
    const relay = await start(relayOptionsForTests(), sourcesForTests());
    await silent(relay, said);
    await expect(relay.close()).resolves.toBeUndefined();
  });

  it('is cut off once it was refused', async () => {
    const socket = await silent(await relayForTests(), UPGRADE);
    // The relay has really hung up when what is written to it comes back as an error.
    await eventually(
      () => (socket.write('x'), socket.destroyed),
      (destroyed) => destroyed,
    );
  });
});

describeWithOpenssl('TLS', () => {
  /** A certificate of its own, for the name guests.example. */
  function certificate(): { cert: string; key: string } {
    const folder = temporaryFolder();
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=guests.example', '-addext', 'subjectAltName=DNS:guests.example,IP:127.0.0.1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', key, '-out', cert, ...subject],
      { stdio: 'ignore' },
    );
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  }

  it('protects the pairing code on its way, and knows the host by the names of its certificate', async () => {
    const tls = certificate();
    const relay = await relayForTests({ tls });
    expect(relay.url).toMatch(/^wss:/);
    expect(relay.pairingLink).toContain('#relay=wss://');
    const client = await TestClient.pair(relay.pairingLink);
    expect((await client.ask('platform.status', {})).build).toBe(21);
    const code = /code=(.*)$/.exec(relay.pairingLink)![1]!;
    const byName = await new TestClient(relay.url, { host: 'guests.example:443' }).open();
    await byName.ask('relay.hello', { token: code });
    await expect(new TestClient(relay.url, { host: 'evil.example' }).open()).rejects.toThrow('421');
    await expect(new TestClient(relay.url.replace('wss:', 'ws:')).open()).rejects.toThrow();
  });

  it('is named by its certificate when it listens everywhere', async () => {
    const relay = await relayForTests({ tls: certificate(), listen: { host: '0.0.0.0', port: 0 } });
    expect(relay.url).toMatch(/^wss:\/\/guests\.example:\d+$/);
  });

  it('refuses a key that does not fit its certificate', async () => {
    const [{ cert }, { key }] = [certificate(), certificate()];
    await expect(relayForTests({ tls: { cert, key } })).rejects.toThrow('RELAY_FILE');
    await expect(relayForTests({ tls: { cert: 'no PEM', key } })).rejects.toThrow('RELAY_FILE');
  });
});

it('names an address in place of “everywhere”', async () => {
  const relay = await relayForTests({ listen: { host: '0.0.0.0', port: 0 } });
  expect(relay.url).not.toContain('0.0.0.0');
});

it('survives whatever a paired client sends', async () => {
  const relay = await relayForTests({ limits: { faults: 1_000_000 } });
  const client = await TestClient.pair(relay.pairingLink);
  const request = fc.record({
    jsonrpc: fc.constantFrom('2.0', '1.0', 2),
    id: fc.oneof(fc.nat(), fc.string(), fc.constant(null), fc.double()),
    method: fc.oneof(fc.constantFrom(...Object.keys(METHODS)), fc.string()),
    params: fc.oneof(fc.object({ maxDepth: 2 }), fc.constant({ id: 'qmp:a' }), fc.anything({ maxDepth: 1 })),
  });
  const frames = fc.sample(
    fc.oneof(
      fc.string(),
      fc.json(),
      request.map((value) => JSON.stringify(value)),
    ),
    500,
  );
  for (const frame of frames) client.sendRaw(frame);
  expect((await client.ask('platform.status', {})).build).toBe(21);
});

it('says who has the port', async () => {
  const relay = await relayForTests();
  const port = Number(new URL(relay.url).port);
  const second = start(relayOptionsForTests({ listen: { host: '127.0.0.1', port } }), sourcesForTests());
  await expect(second).rejects.toThrow('RELAY_LISTEN');
  await expect(second).rejects.toThrow('Another program listens there');
});

it('never sends a stranger more than a refusal', async () => {
  const relay = await relayForTests();
  const client = await new TestClient(relay.url).open();
  client.sendRaw(hello('wrong'));
  await client.closed;
  expect(client.frames).toHaveLength(2);
  expect(client.frames[1]).toContain('RELAY_PAIRING');
});
