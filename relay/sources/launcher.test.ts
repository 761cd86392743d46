// Launching with a real QEMU under plain emulation: what is started, what is adopted, and what is cleaned away.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLog } from '../serve/log.ts';
import { eventually, findProgram, pidIn, temporaryFolder } from '../testing/testing.ts';
import { LaunchedGuests } from './launched-guests.ts';
import { QemuStarter } from './launcher.ts';
import type { LaunchRequest } from './types.ts';

const QEMU = findProgram('qemu-system-x86_64');
const describeWithQemu = (title: string, suite: () => void): void => {
  if (QEMU !== undefined) describe(title, suite);
  else describe.skip(`${title} (needs qemu-system-x86_64)`, suite);
};

const PLAIN = { kind: 'plain', cpus: 1, cpuModel: 'qemu64', memoryMiB: 32 };

function hostFolder(profiles: readonly object[], maxGuests = 4) {
  const path = temporaryFolder();
  // 64 KiB of nothing: these guests are never meant to run anything.
  writeFileSync(join(path, 'fw.fd'), Buffer.alloc(64 * 1024));
  writeFileSync(join(path, 'profiles.json'), JSON.stringify({ maxGuests, profiles }));
  const state = { path: join(path, 'state'), close: () => undefined };
  mkdirSync(state.path);
  onTestFinished(async () => {
    const starter = new QemuStarter(join(path, 'profiles.json'), state, silentLog);
    const left = await starter.adopt().catch(() => []);
    for (const { name } of left) await starter.destroy(name);
  });
  const relay = async (): Promise<LaunchedGuests> => {
    const starter = new QemuStarter(join(path, 'profiles.json'), state, silentLog);
    const launcher = await LaunchedGuests.open(starter, silentLog);
    onTestFinished(() => launcher.close());
    return launcher;
  };
  return { path, guests: join(state.path, 'guests'), relay };
}

const launch = (profile: string): LaunchRequest => ({
  profile,
  policy: 5,
  dhCert: new Uint8Array(2084),
  session: new Uint8Array(128),
});

const pidOf = (folder: string): number => pidIn(join(folder, 'qemu.pid'));
const runs = (pid: number): boolean => existsSync(`/proc/${pid}/cwd`);

describeWithQemu('a guest launched from a profile', () => {
  it('waits before its first instruction, is labelled as not SEV, continues, and ends without a trace', async () => {
    const { guests, relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }]);
    const launcher = await relay();
    const id = await launcher.launch(launch('web'));
    expect(id).toMatch(/^launcher:web-[a-z0-9]{5}$/);
    expect(await launcher.list()).toEqual([
      { id, name: id.slice(9), backend: 'launcher', state: 'prelaunch', sev: false },
    ]);
    await expect(launcher.measurement(id)).rejects.toThrow('RELAY_NOT_SEV');
    expect((await launcher.configuration(id)).text.split('\n')).toContain('type=q35,accel=tcg');
    await launcher.resume(id);
    await eventually(
      async () => (await launcher.list())[0]?.state,
      (state) => state === 'running',
    );
    const pid = pidOf(join(guests, id.slice(9)));
    expect(runs(pid)).toBe(true);
    await launcher.destroy(id);
    expect(runs(pid)).toBe(false);
    expect(readdirSync(guests)).toEqual([]);
    expect(await launcher.list()).toEqual([]);
    await expect(launcher.destroy(id)).rejects.toThrow('RELAY_NO_GUEST');
  });

  it('is gone also when it ends by itself just before it is signalled', async () => {
    const { guests, relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }]);
    const launcher = await relay();
    const id = await launcher.launch(launch('web'));
    const really = process.kill.bind(process);
    const kill = vi.spyOn(process, 'kill').mockImplementation((pid) => {
      really(pid, 'SIGKILL');
      throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
    });
    onTestFinished(() => kill.mockRestore());
    await launcher.destroy(id);
    expect(readdirSync(guests)).toEqual([]);
  });

  it('that this user may not end stays known, and is told in words', async () => {
    const { relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }]);
    const launcher = await relay();
    const id = await launcher.launch(launch('web'));
    const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    });
    onTestFinished(() => kill.mockRestore());
    await expect(launcher.destroy(id)).rejects.toMatchObject({
      code: 'RELAY_LAUNCH',
      sentence: expect.stringContaining('EPERM') as string,
    });
    kill.mockRestore();
    await launcher.destroy(id);
    expect(await launcher.list()).toEqual([]);
  });

  it('is found again by the next relay when its own died', async () => {
    const { relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }]);
    const first = await relay();
    const id = await first.launch(launch('web'));
    await first.close();
    const second = await relay();
    expect(await second.list()).toEqual([
      { id, name: id.slice(9), backend: 'launcher', state: 'prelaunch', sev: false },
    ]);
    expect((await second.configuration(id)).text.split('\n')).toContain('type=q35,accel=tcg');
    await second.destroy(id);
  });

  it('that ended with its relay away leaves nothing behind', async () => {
    const { guests, relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }]);
    const first = await relay();
    const id = await first.launch(launch('web'));
    await first.close();
    const pid = pidOf(join(guests, id.slice(9)));
    process.kill(pid, 'SIGKILL');
    await eventually(
      () => runs(pid),
      (running) => !running,
    );
    expect(await (await relay()).list()).toEqual([]);
    expect(readdirSync(guests)).toEqual([]);
  });

  it('is told as gone when it ends by itself', async () => {
    const { guests, relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }]);
    const launcher = await relay();
    const id = await launcher.launch(launch('web'));
    const changes: string[] = [];
    launcher.onChange(({ state }) => changes.push(state));
    process.kill(pidOf(join(guests, id.slice(9))), 'SIGKILL');
    await eventually(
      () => changes,
      (all) => all.includes('gone'),
    );
    await launcher.destroy(id);
    expect(readdirSync(guests)).toEqual([]);
  });

  it('is not mistaken for another process that has its number now', async () => {
    const { guests, relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }]);
    const folder = join(guests, 'web-old12');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'qemu.pid'), `${process.pid}\n`);
    writeFileSync(
      join(folder, 'guest.json'),
      JSON.stringify({ name: 'web-old12', profile: 'web', sev: true, command: [] }),
    );
    expect(await (await relay()).list()).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });
});

describeWithQemu('a guest that cannot be launched', () => {
  it.each<[string, object, RegExp]>([
    ['QEMU does not know its processor', { cpuModel: 'Z80' }, /Z80/],
    ['its firmware is missing', { firmware: 'missing.fd' }, /missing\.fd/],
    ['it is an SEV guest on a host without SEV', { kind: 'sev' }, /./],
    ['there is no such QEMU', { qemu: '/no/such/qemu' }, /ENOENT/],
  ])("because %s is told in QEMU's words and leaves nothing", async (_, change, says) => {
    const { guests, relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd', ...change }]);
    const launcher = await relay();
    await expect(launcher.launch(launch('web'))).rejects.toMatchObject({
      code: expect.stringMatching(/^(RELAY|AMDSP)_/) as string,
      sentence: expect.stringMatching(says) as string,
    });
    expect(readdirSync(guests)).toEqual([]);
    expect(await launcher.list()).toEqual([]);
  });

  it('because there is no such profile, or no place', async () => {
    const { relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }], 1);
    const launcher = await relay();
    await expect(launcher.launch(launch('db'))).rejects.toThrow('RELAY_NO_PROFILE');
    const id = await launcher.launch(launch('web'));
    await expect(launcher.launch(launch('web'))).rejects.toThrow('the operator allows no more');
    await launcher.destroy(id);
  });

  it('because its QEMU is just being replaced', async () => {
    const qemu = join(temporaryFolder(), 'qemu');
    writeFileSync(qemu, '#!/bin/sh\n', { mode: 0o700 });
    const writer = openSync(qemu, 'r+');
    onTestFinished(() => closeSync(writer));
    const { guests, relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd', qemu }]);
    await expect((await relay()).launch(launch('web'))).rejects.toMatchObject({
      code: 'RELAY_LAUNCH',
      message: expect.stringContaining('ETXTBSY') as string,
    });
    expect(readdirSync(guests)).toEqual([]);
  });

  it('because its folder cannot be written', async () => {
    const { guests, relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }]);
    const launcher = await relay();
    writeFileSync(guests, 'in the way');
    await expect(launcher.launch(launch('web'))).rejects.toThrow('RELAY_STATE');
  });
});

describeWithQemu('what QEMU is given', () => {
  it("are the owner's two blobs in base64, in files that only this user reads", async () => {
    const { guests, relay } = hostFolder([{ ...PLAIN, name: 'web', firmware: 'fw.fd' }]);
    const launcher = await relay();
    const id = await launcher.launch({ ...launch('web'), session: new Uint8Array(128).fill(9) });
    const folder = join(guests, id.slice(9));
    expect(readFileSync(join(folder, 'session.b64'), 'utf8')).toBe(Buffer.alloc(128, 9).toString('base64'));
    const modes = spawnSync('find', [folder, '-type', 'f', '-name', '*.b64', '-perm', '600']).stdout.toString();
    expect(modes.trim().split('\n')).toHaveLength(2);
    await launcher.destroy(id);
  });
});
