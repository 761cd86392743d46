// The whole journey on the virtual SEV host: a real QEMU with KVM, measured and given its secret, tells it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { decide } from '../../../shared/sev/decide/decision.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import { makeLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import { demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';
import { eventually, pidIn, temporaryFolder } from '../../testing/testing.ts';
import { QmpConnection } from '../../sources/qmp/connection.ts';
import {
  BOOT,
  expectationFor,
  playJourney,
  reportedBy,
  SECRET,
  TOLD,
  trustPlatform,
  writeBootProfiles,
} from '../testing.ts';
import type { VirtualSevHostForTests } from './host.ts';
import { describeOnVirtualHost, virtualHost } from './testing.ts';

const guestImage = demoGuestImage();

async function launchRequest(host: VirtualSevHostForTests, profile: string, policy: number) {
  const trustedPdh = await trustPlatform(host.device, host.amd);
  const session = await makeLaunchSession({ trustedPdh, policy, random: webCryptoRandom });
  return { profile, policy, dhCert: session.godh, session: session.blob };
}

const pidOf = (host: VirtualSevHostForTests, name: string): number => pidIn(join(host.guestsFolder, name, 'qemu.pid'));

const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describeOnVirtualHost('A launch in a real QEMU ends with a guest that has its secret', [], () => {
  it.each([
    ['demo', 0x3, 1],
    ['demo', 0xf, 1],
    ['demo-es', 0x7, 2],
  ])('profile %s, policy %i', async (profile, policy, cpus) => {
    const host = await virtualHost();
    const expected = { guestImage, cpus, cpuModel: 'EPYC' };
    expect(await playJourney(host, { profile, policy, expected, secret: SECRET })).toBe(TOLD);
    await eventually(
      async () => (await host.device.platformStatus()).guests,
      (guests) => guests === 0,
    );
  });

  it.each([
    ['boot', 0x3, 1],
    ['boot-es', 0x7, 3],
  ])('with kernel hashes that QEMU itself made: profile %s', async (profile, policy, cpus) => {
    const dir = temporaryFolder();
    const host = await virtualHost({ dir, profiles: writeBootProfiles(dir, { consoleLog: true }) });
    const expected = { guestImage, boot: BOOT, cpus, cpuModel: 'EPYC-Milan' };
    const told = await playJourney(host, { profile, policy, expected, secret: SECRET });
    expect(told).toBe(`Demo guest: kernel hashes found.\r\n${TOLD}`);
  });
});

const OVMF = '/usr/share/OVMF/OVMF_CODE_4M.fd';

describeOnVirtualHost('A real OVMF on the virtual SEV host', [OVMF], () => {
  it.each([
    ['sev', 0x3, 1],
    ['sev-es', 0x7, 4],
  ])('is measured as its owner computes: %s', async (kind, policy, cpus) => {
    const dir = temporaryFolder();
    const profiles = [{ name: 'ovmf', kind, firmware: OVMF, cpus, cpuModel: 'EPYC-Rome', memoryMiB: 128 }];
    writeFileSync(join(dir, 'profiles.json'), JSON.stringify({ profiles }));
    const host = await virtualHost({ dir, profiles: join(dir, 'profiles.json') });
    const trustedPdh = await trustPlatform(host.device, host.amd);
    const session = await makeLaunchSession({ trustedPdh, policy, random: webCryptoRandom });
    const guest = await host.starter.start({ profile: 'ovmf', policy, dhCert: session.godh, session: session.blob });
    const monitor = new QmpConnection(guest.qmp, { event: () => undefined, closed: () => undefined });
    onTestFinished(() => monitor.close());
    await monitor.ready;
    const expected = { guestImage: new Uint8Array(readFileSync(OVMF)), cpus, cpuModel: 'EPYC-Rome' };
    const expectation = await expectationFor(expected, policy);
    const decision = await decide({ session, expectation, reported: await reportedBy(monitor) });
    expect(decision.kind).toBe('release');
    await host.starter.destroy(guest.name);
  });
});

describeOnVirtualHost('A real QEMU on the virtual SEV host', [], () => {
  it('does not start when the AMD-SP refuses, and says why', async () => {
    const host = await virtualHost();
    const request = await launchRequest(host, 'demo', 3);
    await expect(host.starter.start({ ...request, policy: 1 })).rejects.toMatchObject({
      code: 'AMDSP_BAD_MEASUREMENT',
    });
    await expect(host.starter.start({ ...request, policy: 0x43 })).rejects.toMatchObject({
      code: 'AMDSP_POLICY_FAILURE',
    });
    expect((await host.device.platformStatus()).guests).toBe(0);
  });

  it('needs SEV-ES on the platform for an SEV-ES policy', async () => {
    const host = await virtualHost({ amdSp: { es: false } });
    const request = await launchRequest(host, 'demo-es', 7);
    await expect(host.starter.start(request)).rejects.toThrow(/SEV-ES/);
  });

  it('is gone from the AMD-SP when it is killed', async () => {
    const host = await virtualHost();
    const { name } = await host.starter.start(await launchRequest(host, 'demo', 3));
    expect((await host.device.platformStatus()).guests).toBe(1);
    process.kill(pidOf(host, name), 'SIGKILL');
    await eventually(
      async () => (await host.device.platformStatus()).guests,
      (guests) => guests === 0,
    );
  });

  it('ends with its host, and at the next start when its host was killed', async () => {
    const dir = temporaryFolder();
    const killed = await virtualHost({ dir });
    const { name } = await killed.starter.start(await launchRequest(killed, 'demo', 3));
    const orphan = pidOf(killed, name);
    expect(isRunning(orphan)).toBe(true);

    const next = await virtualHost({ dir });
    expect(isRunning(orphan)).toBe(false);
    expect(existsSync(killed.guestsFolder)).toBe(false);
    const guest = await next.starter.start(await launchRequest(next, 'demo', 3));
    const pid = pidOf(next, guest.name);
    await next.close();
    await eventually(
      () => isRunning(pid),
      (running) => !running,
    );
    expect(existsSync(next.guestsFolder)).toBe(false);
  });
});
