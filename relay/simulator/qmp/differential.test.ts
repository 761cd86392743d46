// The same lines to the simulated monitor and to a real QEMU, under plain emulation, must bring the same answers.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from 'node:net';
import { eventually, findProgram, temporaryFolder } from '../../testing/testing.ts';
import { monitoredGuest, RawClient, withoutTimes } from './testing.ts';

const qemu = findProgram('qemu-system-x86_64');
const SLOW = { timeout: 60_000 };

async function realMonitor(): Promise<string> {
  const path = join(temporaryFolder(), 'qmp.sock');
  const qmp = `unix:${path},server=on,wait=off`;
  const machine = ['-machine', 'q35', '-accel', 'tcg', '-smp', '2', '-m', '64', '-name', 'web-1'];
  const child = spawn(qemu!, ['-S', '-nodefaults', '-display', 'none', ...machine, '-qmp', qmp], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  // The socket's file is there a moment before QEMU listens.
  await eventually(
    () => listens(path),
    (ready) => ready,
    30_000,
  );
  return path;
}

const listens = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

const BEFORE_NEGOTIATION = [
  '{"execute": "query-status"}',
  '{"execute": "no-such-command", "id": 1}',
  '{"execute": "qmp_capabilities", "arguments": {"enable": ["bad"]}}',
  '{"execute": "qmp_capabilities", "arguments": {"enable": 1}}',
  '{"execute": "qmp_capabilities", "arguments": {"x": 1}}',
  '}',
];

const ENVELOPES = [
  '{"execute": "query-status"}',
  '{"execute": "query-status", "id": {"a": [1, 2.5, null, true, "x"]}}',
  "{'execute': 'query-status', 'id': 'single quotes'}",
  '{"execute": "query-status", "id": 18446744073709551615}',
  '{"execute": "query-status", "id": -9223372036854775808}',
  '{"execute": "query-status", "id": 1e3}',
  '{"execute": "query-status", "id": "\\u00e9\\n\\"\\\\\\/"}',
  '{"execute": "query-status", "id": "é€😀 \\ud83d\\ude00"}',
  '{"execute": "query-status"}{"execute": "query-status", "id": 2}',
  '{"execute": "query-status",\n"id": 3}',
  '{"execute": "query-status", "arguments": {}}',
  '{"execute": "query-status", "arguments": []}',
  '{"execute": "query-status", "arguments": {"a": 1}, "id": 4}',
  '{"execute": "query-cpus-fast"}',
  '{"execute": "query-name"}',
  '{"execute": 5, "id": 5}',
  '{"id": 6}',
  '{}',
  '[]',
  '5',
  '-5.5',
  'null',
  '"text"',
  '{"exec-oob": "query-status", "id": 7}',
  '{"execute": "query-status", "exec-oob": "query-status"}',
  '{"execute": "no-such-command", "id": "x"}',
  '{"execute": "qmp_capabilities", "arguments": {"enable": []}, "id": 8}',
];

const BROKEN = [
  '}',
  ']',
  '{]',
  '[}',
  '{"a"}',
  '{"a":}',
  '{"a": 1,}',
  '{"a": 1 "b": 2}',
  '{1: 2}',
  '{"execute" "x"}',
  '{"execute": "query-status", "execute": "x"}',
  '[1 2]',
  '[1,]',
  '[,]',
  ',',
  ':',
  '{,}',
  'not json at all',
  'Abc, true',
  '@foo bar {"execute": "query-status", "id": 9}',
  '@foo, {"execute": "query-status", "id": 9}',
  '@foo: "x" [1] 5',
  '"not closed',
  "'not closed either",
  '{"execute": "query-status", "id": "bad \\x"}',
  '{"execute": "query-status", "id": "bad \\u12"}',
  '{"execute": "query-status", "id": "bad \\u12zzabc"}',
  '{"execute": "query-status", "id": "bad \\u"}',
  '{"execute": "query-status", "id": "half \\ud800 a pair"}',
  '{"execute": "query-status", "id": "half \\udc00 a pair"}',
  '{"execute": "query-status", "id": "no \\ud800\\u0041 pair"}',
  '{"execute": "query-status", "id": "no \\uffff character"}',
  '{"execute": "query-status", "id": "no \\ufdd0 character"}',
  '{"execute": "query-status", "id": "two\nlines"}',
  '%d',
  '{"execute": "query-status", "id": %d}',
  '1a',
  '01',
  '1.',
  '1.5.5',
  '1e',
  '-',
  '-x',
  '1e5',
  'truefalse',
  'true false',
  'tRue',
  '{"execute": "query-status", "id": 11} trailing',
  '{"execute": "query-status", "id": tru}',
  '[[[{"a": [1, {"b": }]}]]]',
  '\t\r\n  ',
  '\u0001',
  'é',
  `${'['.repeat(1025)}`,
];

const BYTES = [
  Buffer.from('7b2265786563757465223a22ff227d', 'hex'),
  Buffer.from('5b22c328225d', 'hex'),
  Buffer.from('5b22eda080225d', 'hex'),
  Buffer.from('5b22f4908080225d', 'hex'),
  Buffer.from('c328', 'hex'),
];

const LIFE = [
  'stop',
  'query-status',
  'system_powerdown',
  'system_reset',
  'query-status',
  'cont',
  'cont',
  'query-status',
  'stop',
  'stop',
  'query-status',
  'system_reset',
  'query-status',
].map((execute, id) => JSON.stringify({ execute, id }));

describe.skipIf(qemu === undefined)('The simulated monitor and a real QEMU (needs qemu-system-x86_64)', SLOW, () => {
  const both = async () => {
    const [simulated, real] = [await monitoredGuest(), await realMonitor()];
    const clients = [new RawClient(simulated.path), new RawClient(real)] as const;
    const greetings = await Promise.all(clients.map((client) => client.take(1)));
    return { clients, greetings };
  };
  const compare = async (clients: readonly [RawClient, RawClient], line: string | Uint8Array) => {
    const [ours, theirs] = await Promise.all(clients.map((client) => client.exchange(line)));
    expect({ line: String(line), answers: ours!.map(withoutTimes) }).toEqual({
      line: String(line),
      answers: theirs!.map(withoutTimes),
    });
  };

  it('greet in the same shape', async () => {
    const { greetings } = await both();
    const shapes = greetings.map(([greeting]) => greeting!.replace(/\d+/g, '0').replace(/"package": "[^"]*"/, ''));
    expect(shapes[0]).toBe(shapes[1]);
  });

  it('answer alike before the negotiation', async () => {
    const { clients } = await both();
    for (const line of BEFORE_NEGOTIATION) {
      const answers = await Promise.all(
        clients.map(async (client) => {
          client.write(`${line}\n`);
          return client.take(1);
        }),
      );
      expect(answers[0]).toEqual(answers[1]);
    }
  });

  it.each([
    ['well-formed and misused envelopes', ENVELOPES],
    ['what is no JSON', BROKEN],
    ['bytes that are no UTF-8', BYTES],
    ["a guest's life", LIFE],
  ])('answer alike to %s', async (_, lines) => {
    const { clients } = await both();
    await Promise.all(clients.map((client) => client.exchange('{"execute": "qmp_capabilities"}')));
    for (const line of lines) await compare(clients, line);
  });

  it('end alike', async () => {
    const { clients } = await both();
    await Promise.all(clients.map((client) => client.exchange('{"execute": "qmp_capabilities"}')));
    const ends = await Promise.all(
      clients.map(async (client) => {
        client.write('{"execute": "quit", "id": "q"}\n');
        await eventually(
          () => client.closed,
          (closed) => closed,
        );
        return client.lines.map(withoutTimes);
      }),
    );
    expect(ends[0]).toEqual(ends[1]);
  });
});
