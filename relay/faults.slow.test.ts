// The relay dies, QEMU dies, the disk is full: no guest is lost, nothing is injected twice, and the state stays clear.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { MethodName, ParamsOf } from '../shared/relay-protocol.ts';
import { buildRelay, RelayProcess } from './testing/process-testing.ts';
import { start } from './serve/relay.ts';
import { silentLog } from './serve/log.ts';
import { QmpGuests } from './sources/qmp.ts';
import { QemuStarter } from './sources/launcher.ts';
import { FakeQemu, type Reply, sevQemu } from './sources/qmp/fake-qemu.ts';
import {
  eventually,
  findProgram,
  relayOptionsForTests,
  sourcesForTests,
  temporaryFolder,
  TestClient,
} from './testing/testing.ts';

const ID = 'qmp:web';
const PACKET = { id: ID, header: new Uint8Array(52), secret: new Uint8Array(16) };
const NO_DEVICE = ['--sev', '/dev/no-such-device', '--offline', '--log-level', 'error'];

const itWithQemu = (title: string, story: () => Promise<void>, ms: number): void => {
  if (findProgram('qemu-system-x86_64') !== undefined) it(title, story, ms);
  else it.skip(`${title} (needs qemu-system-x86_64)`, story);
};

let program: string;
beforeAll(async () => {
  program = await buildRelay();
  return () => rmSync(join(program, '../..'), { recursive: true, force: true });
}, 60_000);

/** A guest whose monitor outlives relays, and may kill the one that talks to it before it answers. */
async function lethalGuest() {
  let lethal: string | undefined;
  let relay: RelayProcess | undefined;
  const answer = sevQemu();
  const reply: Reply = (command, write, socket) => {
    if (command.execute !== lethal) return answer(command, write, socket);
    lethal = undefined;
    // Done, as far as QEMU is concerned; but nobody hears of it.
    void relay?.end('SIGKILL').then(() => answer(command, write, socket));
  };
  const qemu = await FakeQemu.listen(reply);
  const { path } = qemu.endpoint as { path: string };
  const state = temporaryFolder();
  const startRelay = async (): Promise<TestClient> => {
    relay = new RelayProcess(program, ['--qmp', `web=${path}`, '--state', state, ...NO_DEVICE]);
    return TestClient.pair(await relay.link());
  };
  const times = (command: string): number => qemu.commands.filter(({ execute }) => execute === command).length;
  return { startRelay, times, killAt: (command: string) => (lethal = command) };
}

describe('a relay that is killed during', () => {
  const calls: [MethodName, string, ParamsOf<MethodName>][] = [
    ['guest.measurement', 'query-sev-launch-measure', { id: ID }],
    ['guest.report', 'query-sev-attestation-report', { id: ID, mnonce: new Uint8Array(16) }],
    ['guest.resume', 'cont', { id: ID }],
    ['guest.inject', 'sev-inject-launch-secret', PACKET],
  ];
  it.each(calls)('%s leaves the guest where it is, and the next relay finds it', async (method, command, params) => {
    const { startRelay, killAt } = await lethalGuest();
    const client = await startRelay();
    killAt(command);
    await expect(client.ask(method, params as never)).rejects.toThrow('closed 1006');
    const again = await startRelay();
    const [guest] = await eventually(
      () => again.ask('guest.list', {}),
      ([one]) => one?.sev === true,
    );
    expect(guest).toMatchObject({ id: ID, state: 'prelaunch' });
    expect((await again.ask('guest.measurement', { id: ID })).policy).toBe(5);
    await again.ask('guest.resume', { id: ID });
  });

  it('an injection is never repeated, by nobody, and says so', async () => {
    const { startRelay, killAt, times } = await lethalGuest();
    const client = await startRelay();
    killAt('sev-inject-launch-secret');
    await expect(client.ask('guest.inject', PACKET)).rejects.toThrow('closed');
    const again = await startRelay();
    for (const packet of [PACKET, { ...PACKET, secret: new Uint8Array(16).fill(1) }]) {
      await expect(again.ask('guest.inject', packet)).rejects.toMatchObject({ code: 'RELAY_INJECT_UNKNOWN' });
    }
    expect(times('sev-inject-launch-secret')).toBe(1);
  });

  it('what came before an injection, the injection can be made by the next one', async () => {
    const { startRelay, killAt, times } = await lethalGuest();
    const client = await startRelay();
    killAt('query-sev-launch-measure');
    await expect(client.ask('guest.inject', PACKET)).rejects.toThrow('closed');
    const again = await startRelay();
    await again.ask('guest.inject', PACKET);
    expect(times('sev-inject-launch-secret')).toBe(1);
  });

  itWithQemu(
    'a launch leaves either a guest in the list or nothing at all',
    async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'fw.fd'), Buffer.alloc(64 * 1024));
      const profile = { name: 'web', kind: 'plain', firmware: 'fw.fd', cpus: 1, cpuModel: 'qemu64', memoryMiB: 32 };
      const profiles = join(folder, 'profiles.json');
      writeFileSync(profiles, JSON.stringify({ profiles: [profile] }));
      const state = join(folder, 'state');
      const guests = join(state, 'guests');
      mkdirSync(guests, { recursive: true });
      onTestFinished(async () => {
        const starter = new QemuStarter(profiles, { path: state, close: () => undefined }, silentLog);
        for (const { name } of await starter.adopt()) await starter.destroy(name);
      });
      const blobs = { policy: 1, dhCert: new Uint8Array(2084), session: new Uint8Array(128) };
      for (const delayMs of [0, 80, 300]) {
        const dying = new RelayProcess(program, ['--profiles', profiles, '--state', state, ...NO_DEVICE]);
        const client = await TestClient.pair(await dying.link());
        const launched = client.ask('guest.launch', { profile: 'web', ...blobs }).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        await dying.end('SIGKILL');
        await launched;
        const next = new RelayProcess(program, ['--profiles', profiles, '--state', state, ...NO_DEVICE]);
        const again = await TestClient.pair(await next.link());
        const list = await again.ask('guest.list', {});
        expect(runningIn(guests).sort()).toEqual(list.map(({ name }) => name).sort());
        for (const { id, state: guestState } of list) {
          expect(guestState).toBe('prelaunch');
          await again.ask('guest.destroy', { id });
        }
        expect(runningIn(guests)).toEqual([]);
        expect(readdirSync(guests)).toEqual([]);
        expect(await next.end('SIGTERM')).toBe(0);
      }
    },
    90_000,
  );
});

/** The guests whose QEMU runs, found without the relay's help: by the processes' working directories. */
function runningIn(guests: string): string[] {
  const real = realpathSync(guests);
  const folders = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readlinkSync(`/proc/${pid}/cwd`)] : [];
    } catch {
      return [];
    }
  });
  return folders.filter((folder) => folder.startsWith(`${real}/`)).map((folder) => folder.slice(real.length + 1));
}

describe('QEMU that is killed during an injection', () => {
  it('is told as gone, and the packet is never injected into what runs there next', async () => {
    const dying = await FakeQemu.listen((command, write, socket) =>
      command.execute === 'sev-inject-launch-secret' ? dying.end() : sevQemu()(command, write, socket),
    );
    const { path } = dying.endpoint as { path: string };
    const guests = new QmpGuests([{ name: 'web', qmp: { path } }], silentLog);
    const relay = await start(relayOptionsForTests(), sourcesForTests({ guests: [guests] }));
    onTestFinished(() => relay.close());
    const client = await TestClient.pair(relay.pairingLink);
    await expect(client.ask('guest.inject', PACKET)).rejects.toMatchObject({ code: 'RELAY_QMP_GONE' });
    await eventually(
      () => client.notifications,
      (all) => all.some(({ params }) => JSON.stringify(params).includes('gone')),
    );
    expect((await client.ask('guest.list', {}))[0]?.state).toBe('gone');
    const next = await FakeQemu.listen(sevQemu(), { path });
    await eventually(
      () => client.ask('guest.list', {}),
      ([guest]) => guest?.state === 'prelaunch',
    );
    await expect(client.ask('guest.inject', PACKET)).rejects.toMatchObject({ code: 'RELAY_INJECT_UNKNOWN' });
    expect(next.commands.some(({ execute }) => execute === 'sev-inject-launch-secret')).toBe(false);
  });
});

const describeAsRoot = (title: string, suite: () => void): void => {
  if (process.getuid?.() === 0) describe(title, suite);
  else describe.skip(`${title} (needs root, for a small disk of its own)`, suite);
};

describeAsRoot('a full disk for the state folder', () => {
  /** A disk of 64 KiB, and a way to fill it. */
  function smallDisk() {
    const path = join(temporaryFolder(), 'disk');
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]);
    onTestFinished(() => void execFileSync('umount', ['-l', path]));
    const fill = (): void => {
      for (let i = 0; ; i++) {
        try {
          writeFileSync(join(path, `filler-${i}`), Buffer.alloc(4096));
        } catch {
          return;
        }
      }
    };
    const free = (): void => readdirSync(path).forEach((name) => name.startsWith('filler') && rmSync(join(path, name)));
    return { state: { path, close: () => undefined }, fill, free };
  }

  it('stops an injection before it begins, and lets it be made when there is room', async () => {
    const { state, fill, free } = smallDisk();
    const qemu = await FakeQemu.listen(sevQemu());
    const guests = new QmpGuests([{ name: 'web', qmp: qemu.endpoint }], silentLog);
    const relay = await start(relayOptionsForTests({ state }), sourcesForTests({ guests: [guests] }));
    onTestFinished(() => relay.close());
    const client = await TestClient.pair(relay.pairingLink);
    fill();
    await expect(client.ask('guest.inject', PACKET)).rejects.toThrow('The disk is full');
    expect(qemu.commands.some(({ execute }) => execute === 'sev-inject-launch-secret')).toBe(false);
    expect((await client.ask('guest.measurement', { id: ID })).policy).toBe(5);
    free();
    await client.ask('guest.inject', PACKET);
    expect(qemu.commands.filter(({ execute }) => execute === 'sev-inject-launch-secret')).toHaveLength(1);
  });

  it('stops a launch before it begins, and leaves nothing', async () => {
    const { state, fill } = smallDisk();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'fw.fd'), Buffer.alloc(64 * 1024));
    const profile = { name: 'web', kind: 'plain', firmware: 'fw.fd', cpus: 1, cpuModel: 'qemu64', memoryMiB: 32 };
    writeFileSync(join(folder, 'profiles.json'), JSON.stringify({ profiles: [profile] }));
    const starter = new QemuStarter(join(folder, 'profiles.json'), state, silentLog);
    fill();
    const launch = starter.start({
      profile: 'web',
      policy: 1,
      dhCert: new Uint8Array(2084),
      session: new Uint8Array(128),
    });
    await expect(launch).rejects.toMatchObject({ code: 'RELAY_STATE' });
    expect(await starter.adopt()).toEqual([]);
  });

  it('is told at the start', async () => {
    const { state, fill } = smallDisk();
    fill();
    await expect(start(relayOptionsForTests({ state }), sourcesForTests())).rejects.toThrow('The disk is full');
  });
});

describe('the command', () => {
  it('says at the start when the device cannot be opened', async () => {
    const relay = new RelayProcess(program, ['--state', temporaryFolder(), ...NO_DEVICE]);
    const client = await TestClient.pair(await relay.link());
    expect(relay.output).toContain('/dev/no-such-device cannot be opened: `sev-relay check` tells why');
    await expect(client.ask('platform.status', {})).rejects.toThrow('There is no /dev/sev');
    await expect(client.ask('platform.certificates', {})).rejects.toMatchObject({ code: 'RELAY_DEVICE' });
  });

  it('ends at the first Ctrl-C, and lets go of its folder', async () => {
    const state = temporaryFolder();
    const relay = new RelayProcess(program, ['--simulate', '--state', state]);
    const client = await TestClient.pair(await relay.link());
    expect(readdirSync(state)).toContain('lock');
    expect(await relay.end('SIGINT')).toBe(0);
    expect((await client.closed).code).toBe(1001);
    expect(readdirSync(state)).not.toContain('lock');
    expect(readdirSync(state)).not.toContain('address');
  });

  it('refuses a folder that another relay uses, and takes it over when that one was killed', async () => {
    const state = temporaryFolder();
    const first = new RelayProcess(program, ['--simulate', '--state', state]);
    await first.link();
    const second = new RelayProcess(program, ['--simulate', '--state', state]);
    await expect(second.link()).rejects.toThrow(/RELAY_STATE.*Another relay uses it/s);
    await first.end('SIGKILL');
    const third = new RelayProcess(program, ['--simulate', '--state', state]);
    const code = (link: string): string => /code=(\S+)/.exec(link)![1]!;
    expect(code(await third.link())).toMatch(/^[0-9a-z-]{19}$/);
  });

  it('asks at its own terminal before it changes the platform', async () => {
    const relay = new RelayProcess(program, ['--simulate', '--state', temporaryFolder(), '--allow-ownership']);
    const client = await TestClient.pair(await relay.link());
    const { pdh } = await client.ask('platform.certificates', {});
    const refused = client.ask('owner.rotatePdh', {});
    refused.catch(() => undefined);
    await eventually(
      () => relay.output,
      (text) => text.includes('Type “yes”'),
    );
    relay.child.stdin!.write('no\n');
    await expect(refused).rejects.toMatchObject({ code: 'RELAY_NOT_ALLOWED' });
    const allowed = client.ask('owner.rotatePdh', {});
    await eventually(
      () => relay.output.split('Type “yes”').length,
      (times) => times === 3,
    );
    relay.child.stdin!.write('yes\n');
    await allowed;
    expect((await client.ask('platform.certificates', {})).pdh).not.toEqual(pdh);
  });
});
