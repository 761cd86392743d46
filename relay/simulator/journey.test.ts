import { describe, expect, it, onTestFinished } from 'vitest';
import { demoGuestImage } from '../../shared/simulator/demo-guest/image.ts';
import { temporaryFolder } from '../testing/testing.ts';
import { startSimulatedHost } from './host.ts';
import { BOOT, playJourney, SECRET, TOLD, writeBootProfiles } from './testing.ts';

const guestImage = demoGuestImage();

describe('A launch on the simulated host ends with a guest that has its secret', () => {
  it.each([
    ['demo', 0x3, 1],
    ['demo', 0xf, 1],
    ['demo-es', 0x7, 2],
  ])('profile %s, policy %i', async (profile, policy, cpus) => {
    const host = await startSimulatedHost({ dir: temporaryFolder() });
    onTestFinished(() => host.close());
    const expected = { guestImage, cpus, cpuModel: 'EPYC' };
    expect(await playJourney(host, { profile, policy, expected, secret: SECRET })).toBe(TOLD);
    expect((await host.device.platformStatus()).guests).toBe(0);
  });

  it.each([
    ['boot', 0x3, 1],
    ['boot-es', 0x7, 3],
  ])('with a measured kernel: profile %s', async (profile, policy, cpus) => {
    const dir = temporaryFolder();
    const host = await startSimulatedHost({ dir, profiles: writeBootProfiles(dir) });
    onTestFinished(() => host.close());
    const expected = { guestImage, boot: BOOT, cpus, cpuModel: 'EPYC-Milan' };
    const told = await playJourney(host, { profile, policy, expected, secret: SECRET });
    expect(told).toBe(`Demo guest: kernel hashes found.\r\n${TOLD}`);
  });

  it('and with none where the guest image is not the expected one', async () => {
    const host = await startSimulatedHost({ dir: temporaryFolder() });
    onTestFinished(() => host.close());
    const other = guestImage.slice();
    other[0x300]! ^= 1;
    const expected = { guestImage: other, cpus: 1, cpuModel: 'EPYC' };
    const played = playJourney(host, { profile: 'demo', policy: 3, expected, secret: SECRET });
    await expect(played).rejects.toThrow('MEASURE_MISMATCH');
  });
});
