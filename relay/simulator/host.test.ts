import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseCertChain } from '../../shared/sev/formats/cert-chain.ts';
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { parseSevCert } from '../../shared/sev/formats/sev-cert.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { certificateOf, signed, slotBy } from '../../shared/simulator/certify.ts';
import { makePlatformKey } from '../../shared/simulator/platform-key.ts';
import { describeWithVectors, vectorJson } from '../../shared/testing/vectors.ts';
import { vectorChip } from '../../shared/testing/vector-platform.ts';
import { encodeMark, endChild, markOf, ownMark } from '../state/processes.ts';
import { readIfThere } from '../state/read-if-there.ts';
import { temporaryFolder } from '../testing/testing.ts';
import { type SimulatedHostOptions, startSimulatedHost } from './host.ts';
import { openRunFolder } from './run-folder.ts';
import { RawClient, withoutTimes } from './qmp/testing.ts';

async function hostIn(dir: string, options: Partial<SimulatedHostOptions> = {}) {
  const host = await startSimulatedHost({ dir, ...options });
  onTestFinished(() => host.close());
  return host;
}

describe('The simulated /dev/sev', () => {
  it('gives status, identifier, certificates, and what the simulated AMD adds', async () => {
    const { device, amd } = await hostIn(temporaryFolder());
    expect(await device.platformStatus()).toEqual({
      apiMajor: 0,
      apiMinor: 24,
      build: 15,
      state: 'init',
      owner: 'self',
      es: true,
      guests: 0,
    });
    const { pdh, chain } = await device.pdhCertExport();
    const ids = await device.getId();
    const { cek, ask, ark } = await amd.certificatesFor([ids], chain.slice(4168));
    const whole = concat(pdh, chain.slice(0, 4168), cek!, ask!, ark!);
    expect(parseCertChain(whole).cek.publicKey).toEqual(parseSevCert(chain.slice(4168)).publicKey);
  });

  it('is the same chip after a restart with the same folder, its owner included', async () => {
    const dir = temporaryFolder();
    const first = await startSimulatedHost({ dir });
    const key = makePlatformKey(webCryptoRandom);
    const content = certificateOf('OCA', key, { apiMajor: 0, apiMinor: 0 });
    const oca = signed(content, slotBy('OCA', key, content));
    const csr = parseSevCert(await first.device.pekCsr());
    await first.device.pekCertImport(signed(csr, slotBy('OCA', key, csr)), oca);
    const before = await first.device.pdhCertExport();
    await first.close();

    const second = await hostIn(dir);
    expect(await second.device.pdhCertExport()).toEqual(before);
    expect((await second.device.platformStatus()).owner).toBe('external');
    expect(statSync(join(dir, 'simulated-chip.json')).mode & 0o777).toBe(0o600);
  });

  it('says so when the kept chip is damaged', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'simulated-chip.json'), '{"format": ');
    await expect(startSimulatedHost({ dir })).rejects.toMatchObject({ code: 'RELAY_STATE' });
  });

  it('shuts down before a reset, initialises when needed, and refuses a reset while guests run', async () => {
    const { device, amdSp } = await hostIn(temporaryFolder());
    const before = await device.pdhCertExport();
    const guest = await amdSp.launchStart({ policy: 1 });
    await expect(device.factoryReset()).rejects.toMatchObject({ code: 'RELAY_DEVICE' });
    await amdSp.decommission(guest);
    await device.factoryReset();
    expect((await device.platformStatus()).state).toBe('uninit');
    const after = await device.pdhCertExport();
    expect((await device.platformStatus()).state).toBe('init');
    expect(after.pdh).not.toEqual(before.pdh);
  });
});

interface LaunchVectors {
  readonly policy: number;
  readonly dh_cert_file: string;
  readonly session_file: string;
  readonly exchange: readonly { readonly send: { readonly execute: string; readonly arguments?: unknown } }[];
}

describeWithVectors('Launching on the simulated host', () => {
  const vectors = vectorJson<LaunchVectors>('qmp-launch.json');
  const request = {
    profile: 'demo',
    policy: vectors.policy,
    dhCert: Buffer.from(vectors.dh_cert_file, 'base64'),
    session: Buffer.from(vectors.session_file, 'base64'),
  };
  const vectorHost = async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'simulated-chip.json'), JSON.stringify(vectorChip()));
    return { dir, ...(await hostIn(dir)) };
  };

  it('offers the demo guest image, with hints for finding it', async () => {
    const { starter, dir } = await vectorHost();
    const profiles = await starter.profiles();
    expect(profiles.map(({ name, sevEs }) => [name, sevEs])).toEqual([
      ['demo', false],
      ['demo-es', true],
    ]);
    expect(profiles[0]!.firmware).toMatchObject({ name: 'demo-guest.fd', size: 65_536 });
    expect(statSync(join(dir, 'demo-guest.fd')).size).toBe(65_536);
  });

  it('starts a guest, paused, whose monitor speaks QMP on a socket of its own', async () => {
    const { starter, guestsFolder, device } = await vectorHost();
    const guest = await starter.start(request);
    expect(guest).toMatchObject({ name: 'demo-1', profile: 'demo', sev: true });
    expect(guest.configuration).toContain('policy=0x1,');
    expect(guest.configuration).not.toContain(vectors.session_file.slice(0, 20));
    const client = await new RawClient((guest.qmp as { path: string }).path).negotiate();
    expect(await client.exchange('{"execute": "query-status"}')).toEqual([
      '{"return": {"status": "prelaunch", "singlestep": false, "running": false}}',
    ]);
    expect((await device.platformStatus()).guests).toBe(1);
    const console = join(guestsFolder, 'demo-1', 'console.log');
    expect(readFileSync(console, 'utf8')).toBe('');
    const lines = await client.exchange('{"execute": "cont"}');
    expect(lines.map(withoutTimes)).toEqual(['{"timestamp": {}, "event": "RESUME"}', '{"return": {}}']);
    expect(readFileSync(console, 'utf8')).toBe('Demo guest: no secret table found.\r\n');
    expect(statSync(console).mode & 0o777).toBe(0o600);
  });

  it('ends a guest whatever it does, and removes its folder', async () => {
    const { starter, guestsFolder, device } = await vectorHost();
    const { name } = await starter.start(request);
    await starter.destroy(name);
    expect(existsSync(join(guestsFolder, name))).toBe(false);
    expect((await device.platformStatus()).guests).toBe(0);
    await expect(starter.destroy(name)).rejects.toMatchObject({ code: 'RELAY_NO_GUEST' });
  });

  it("says in QEMU's words why a guest did not start", async () => {
    const { starter, device } = await vectorHost();
    await expect(starter.start({ ...request, policy: 3 })).rejects.toMatchObject({
      code: 'AMDSP_BAD_MEASUREMENT',
      message: expect.stringContaining("LAUNCH_START ret=1 fw_error=11 'Bad measurement'") as string,
    });
    await expect(starter.start({ ...request, profile: 'other' })).rejects.toMatchObject({ code: 'RELAY_NO_PROFILE' });
    expect((await device.platformStatus()).guests).toBe(0);
  });

  it('refuses profiles with files or processors that are not there', async () => {
    const dir = temporaryFolder();
    const path = join(dir, 'profiles.json');
    const common = { kind: 'sev', firmware: '/nonexistent/OVMF.fd', cpus: 1, cpuModel: 'EPYC', memoryMiB: 64 };
    const profiles = [
      { ...common, name: 'no-file' },
      { ...common, name: 'no-cpu', cpuModel: 'Haswell' },
      { ...common, name: 'no-sev', kind: 'plain' },
    ];
    writeFileSync(path, JSON.stringify({ profiles }));
    const { starter } = await hostIn(dir, { profiles: path });
    await expect(starter.start({ ...request, profile: 'no-file' })).rejects.toMatchObject({ code: 'RELAY_FILE' });
    await expect(starter.start({ ...request, profile: 'no-cpu' })).rejects.toMatchObject({ code: 'RELAY_LAUNCH' });
    await expect(starter.start({ ...request, profile: 'no-sev' })).rejects.toMatchObject({ code: 'RELAY_LAUNCH' });
    await expect(startSimulatedHost({ dir, profiles: join(dir, 'none.json') })).rejects.toMatchObject({
      code: 'RELAY_FILE',
    });
  });

  it("keeps guests' memory out of its folder, and clears away what a killed relay left", async () => {
    const dir = temporaryFolder();
    const killed = await hostIn(dir);
    expect(killed.guestsFolder.startsWith(dir)).toBe(false);
    const next = await hostIn(dir);
    expect(existsSync(killed.guestsFolder)).toBe(false);
    expect(existsSync(next.guestsFolder)).toBe(true);
    await next.close();
    expect(existsSync(next.guestsFolder)).toBe(false);
  });
});

it('A relay that serves keeps its guests when another command takes its state folder', async () => {
  const dir = temporaryFolder();
  const { guestsFolder } = await hostIn(dir);
  const other = spawn('sleep', ['60']);
  onTestFinished(() => void endChild(other, 'SIGKILL'));
  writeFileSync(join(guestsFolder, '../owner'), encodeMark(markOf(other.pid!)));
  const record = readIfThere(join(dir, 'simulated-run'));
  await (await hostIn(dir)).close();
  expect(existsSync(guestsFolder)).toBe(true);
  expect(readIfThere(join(dir, 'simulated-run'))).toBe(record);
});

it('A simulated host that cannot begin leaves no folder behind', () => {
  const isOwn = (name: string): boolean => {
    try {
      return readFileSync(join(tmpdir(), name, 'owner'), 'utf8') === encodeMark(ownMark());
    } catch {
      // Another user's, or gone since.
      return false;
    }
  };
  const own = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('sev-simulated-') && isOwn(name));
  const before = own();
  expect(() => openRunFolder(join(temporaryFolder(), 'missing'))).toThrow('RELAY_STATE');
  expect(own()).toEqual(before);
});

it('What a relay left behind that was killed is cleared away, and nothing else', async () => {
  const form = join(tmpdir(), 'sev-simulated-');
  const folders = ['4194304 1\n', encodeMark(ownMark()), 'no mark'].map((mark) => {
    const path = mkdtempSync(form);
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    writeFileSync(join(path, 'owner'), mark);
    return path;
  });
  await hostIn(temporaryFolder());
  expect(folders.map((path) => existsSync(path))).toEqual([false, true, true]);
});
