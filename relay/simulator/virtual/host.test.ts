// The whole journey on the virtual SEV host: a real QEMU with KVM, measured and given its secret, tells it.
import { accessSync, constants } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';
import { findProgram, temporaryFolder } from '../../testing.ts';
import { playJourney, SECRET, TOLD, writeBootProfiles, BOOT } from '../testing.ts';
import { startVirtualSevHost, type VirtualSevHostOptions } from './host.ts';

const haveKvm = () => {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
};
const able = haveKvm() && ['qemu-system-x86_64', 'cc'].every((program) => findProgram(program) !== undefined);

async function virtualHost(options: Partial<VirtualSevHostOptions> = {}) {
  const host = await startVirtualSevHost({ dir: temporaryFolder(), ...options });
  onTestFinished(() => host.close());
  return host;
}

const guestImage = demoGuestImage();

describe.skipIf(!able)(
  'A launch in a real QEMU ends with a guest that has its secret (needs /dev/kvm, QEMU and cc)',
  () => {
    it.each([
      ['demo', 0x3, 1],
      ['demo', 0xf, 1],
      ['demo-es', 0x7, 2],
    ])('profile %s, policy %i', async (profile, policy, cpus) => {
      const host = await virtualHost();
      const expected = { guestImage, cpus, cpuModel: 'EPYC' };
      expect(await playJourney(host, { profile, policy, expected, secret: SECRET })).toBe(TOLD);
    });

    it.each([
      ['boot', 0x3, 1],
      ['boot-es', 0x7, 3],
    ])('with kernel hashes that QEMU itself made: profile %s', async (profile, policy, cpus) => {
      const dir = temporaryFolder();
      const profiles = writeBootProfiles(dir, { cbitpos: 0, reducedPhysBits: 1, consoleLog: true });
      const host = await virtualHost({ dir, profiles });
      const expected = { guestImage, boot: BOOT, cpus, cpuModel: 'EPYC-Milan' };
      const told = await playJourney(host, { profile, policy, expected, secret: SECRET });
      expect(told).toBe(`Demo guest: kernel hashes found.\r\n${TOLD}`);
    });
  },
);
