// The same client against a real QEMU under plain emulation: what does not need SEV, and the errors it really gives.
import { spawn, type ChildProcess } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SevError } from '../../shared/errors.ts';
import { silentLog } from '../serve/log.ts';
import { eventually, findProgram, temporaryFolder } from '../testing/testing.ts';
import { MONITOR_LIMITS } from './qmp/monitor.ts';
import { QmpGuests } from './qmp.ts';
import type { QmpEndpoint } from './types.ts';

const QEMU = findProgram('qemu-system-x86_64');
const ID = 'qmp:real';
const describeWithQemu = (title: string, suite: () => void): void => {
  if (QEMU !== undefined) describe(title, suite);
  else describe.skip(`${title} (needs qemu-system-x86_64)`, suite);
};

function startQemu(listen: string): ChildProcess {
  const args = [
    '-S',
    '-nodefaults',
    '-display',
    'none',
    '-machine',
    'accel=tcg',
    '-m',
    '16',
    '-qmp',
    `${listen},server=on,wait=off`,
  ];
  const qemu = spawn(QEMU!, args, { stdio: 'ignore' });
  onTestFinished(() => void qemu.kill('SIGKILL'));
  return qemu;
}

/** @param greetingMs long, since a QEMU on a busy machine greets late, and is no other client's for that */
function watch(qmp: QmpEndpoint, greetingMs = 30_000): { guests: QmpGuests; changes: string[] } {
  const limits = { ...MONITOR_LIMITS, greetingMs, firstRetryMs: 20, lastRetryMs: 100 };
  const guests = new QmpGuests([{ name: 'real', qmp }], silentLog, 'qmp', limits);
  const changes: string[] = [];
  guests.onChange(({ state }) => changes.push(state));
  onTestFinished(() => guests.close());
  return { guests, changes };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const arrives = (guests: QmpGuests, state: string): Promise<unknown> =>
  eventually(
    async () => (await guests.list())[0]?.state,
    (now) => now === state,
  );

const failure = async (work: Promise<unknown>): Promise<SevError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SevError)) throw new Error(`not refused in words: ${String(error)}`);
  return error;
};

describeWithQemu('a real QEMU without SEV', () => {
  it('appears later, waits before its first instruction, continues, and ends', async () => {
    const path = join(temporaryFolder(), 'qmp.sock');
    const { guests, changes } = watch({ path });
    expect((await guests.list())[0]?.state).toBe('gone');
    const qemu = startQemu(`unix:${path}`);
    await arrives(guests, 'prelaunch');
    expect(await guests.list()).toEqual([{ id: ID, name: 'real', backend: 'qmp', state: 'prelaunch', sev: false }]);
    await guests.resume(ID);
    await arrives(guests, 'running');
    const ended = new Promise((resolve) => qemu.once('exit', resolve));
    await guests.destroy(ID);
    expect(await ended).toBe(0);
    expect(changes).toEqual(['gone', 'prelaunch', 'running', 'shutdown', 'gone']);
  });

  it('says in words that it is no SEV guest, whatever is asked', async () => {
    const path = join(temporaryFolder(), 'qmp.sock');
    startQemu(`unix:${path}`);
    const { guests } = watch({ path });
    await arrives(guests, 'prelaunch');
    const packet = { header: new Uint8Array(52), secret: new Uint8Array(16) };
    for (const asked of [
      guests.measurement(ID),
      guests.inject(ID, packet),
      guests.inject(ID, { ...packet, gpa: 4096 }),
      guests.report(ID, new Uint8Array(16)),
    ]) {
      const error = await failure(asked);
      expect(error.code).toBe('RELAY_NOT_SEV');
      expect(error.sentence).toContain('not an SEV guest');
    }
    expect((await failure(guests.capabilities())).sentence).toContain('QEMU says: “KVM not enabled”');
  });

  it('serves one client at a time: the second is told so, and is served when the first leaves', async () => {
    const path = join(temporaryFolder(), 'qmp.sock');
    startQemu(`unix:${path}`);
    const first = watch({ path });
    await arrives(first.guests, 'prelaunch');
    const second = watch({ path }, 500);
    expect((await failure(second.guests.resume(ID))).code).toBe('RELAY_QMP_BUSY');
    await first.guests.close();
    await arrives(second.guests, 'prelaunch');
    await second.guests.resume(ID);
  });

  it('that is killed is gone, and what runs again under the same name is found', async () => {
    const path = join(temporaryFolder(), 'qmp.sock');
    const qemu = startQemu(`unix:${path}`);
    const { guests } = watch({ path });
    await arrives(guests, 'prelaunch');
    qemu.kill('SIGKILL');
    await arrives(guests, 'gone');
    expect((await failure(guests.resume(ID))).code).toBe('RELAY_QMP_GONE');
    startQemu(`unix:${path}`);
    await arrives(guests, 'prelaunch');
  });

  it('shows the arguments that it was started with', async () => {
    const path = join(temporaryFolder(), 'qmp.sock');
    startQemu(`unix:${path}`);
    const { guests } = watch({ path });
    await arrives(guests, 'prelaunch');
    const { kind, text } = await guests.configuration(ID);
    expect(kind).toBe('qemu-arguments');
    expect(text.split('\n')).toContain('accel=tcg');
    const other = watch({ path: `${path}x` });
    expect((await failure(other.guests.configuration(ID))).code).toBe('RELAY_QMP');
  });

  it('is reached by TCP', async () => {
    const port = await freePort();
    startQemu(`tcp:127.0.0.1:${port}`);
    const { guests } = watch({ host: '127.0.0.1', port });
    await arrives(guests, 'prelaunch');
    expect((await guests.configuration(ID)).text).toContain('accel=tcg');
  });
});
