// The doctor's long ways: two causes at once, and a search to its end.
import { describe, expect, it } from 'vitest';
import { signatureOfModel } from '../../guest/cpu-signature.ts';
import { otherTik, imageOf, otherOvmf, type Truth, POLICY, VERSION, ask, factors } from '../../testing/doctor-cases.ts';

describe('The doctor names', () => {
  const single: readonly (readonly [string, Truth])[] = [
    ['guest-image', { image: otherOvmf }],
    ['kernel-hashes', { kernelHashes: 'off' }],
    ['vcpus', { vcpus: 77 }],
    ['cpu-signature', { cpuSignature: signatureOfModel('EPYC') }],
    ['vmsa-variant', { variant: 'qemu-init2' }],
    ['debug-swap', { sevFeatures: 0x20 }],
    ['policy', { policy: POLICY & 0xff }],
    ['version', { version: { ...VERSION, build: 23 } }],
    ['key', { key: otherTik }],
  ];
  const two = single.flatMap(([first, a], i) =>
    // Each with two others: all of them would take their time.
    [1, 3]
      .map((step) => single[(i + step) % single.length]!)
      .map(([second, b]) => [first, second, { ...a, ...b }] as const),
  );
  it.each(two)('%s and %s together', async (first, second, truth) => {
    expect([...factors(await ask(truth))!].sort()).toEqual([first, second].sort());
  });
});

describe('The doctor', () => {
  it('does not name what no AMD-SP would measure: a policy with SEV-ES over a digest without registers', async () => {
    const version = { ...VERSION, build: 23 };
    expect((await ask({ es: false, version })).ended).toBe('exhausted');
  });

  it('says so when nothing that it knows would have matched', async () => {
    const report = await ask({ image: imageOf('known to nobody', 11) });
    expect(report.ended).toBe('exhausted');
    expect(report.diagnosis).toBeUndefined();
    expect(report.tried).toBeGreaterThan(100_000);
  });
});
