import { describe, expect, it } from 'vitest';
import type { Profile } from '../../../../shared/relay-protocol.ts';
import type { Plan } from './plan.ts';
import { comparisonOf, type Difference, differenceOf } from './profile-fit.ts';

const file = (name: string) => ({ name, size: 3, sha256: name.padEnd(64, '0') });
const [image, kernel, initrd] = [file('1a'), file('2b'), file('3c')] as const;

const plan: Plan = {
  imageId: image.sha256,
  policy: 0x1100000f,
  acceptsKeySharing: false,
  kernel: { kernel, initrd, cmdline: 'quiet' },
  cpu: { vcpus: 2, model: 'EPYC-Milan', variant: 'qemu', debugSwap: false },
};
const profile: Profile = {
  ...{ name: 'web', firmware: image, kernel, initrd, cmdline: 'quiet' },
  ...{ cpus: 2, cpuModel: 'EPYC-Milan-v2', sevEs: true },
};

const without = <K extends keyof Profile>(...names: readonly K[]): Profile =>
  Object.fromEntries(
    Object.entries(profile).filter(([name]) => !(names as readonly string[]).includes(name)),
  ) as Profile;

describe('A launch profile of the host', () => {
  it('goes with what is expected when all that it names is the same', () => {
    expect(differenceOf(profile, plan)).toBeUndefined();
  });

  it.each<readonly [Difference, Profile]>([
    ['lacks-es', { ...profile, sevEs: false }],
    ['image', { ...profile, firmware: file('4d') }],
    ['kernel-missing', without('kernel', 'initrd', 'cmdline')],
    ['kernel', { ...profile, kernel: file('4d') }],
    ['initrd', { ...profile, initrd: file('4d') }],
    ['initrd', without('initrd')],
    ['cmdline', { ...profile, cmdline: 'quiet ' }],
    ['cmdline', without('cmdline')],
    ['vcpus', { ...profile, cpus: 3 }],
    ['cpu-model', { ...profile, cpuModel: 'EPYC-Rome' }],
  ])('is told apart by %s', (difference, offered) => {
    expect(differenceOf(offered, plan)).toBe(difference);
  });

  it('with a kernel is told apart where none is expected', () => {
    const { kernel: _, ...noKernel }: Plan = plan;
    expect(differenceOf(profile, noKernel)).toBe('kernel-unexpected');
  });

  it('with SEV-ES is told apart where the policy does not ask for it', () => {
    expect(differenceOf(profile, { ...plan, policy: 0x1100000b })).toBe('wants-es');
  });

  it('may have any CPUs where their registers are not measured', () => {
    const plain = { ...plan, policy: 0x1100000b };
    expect(differenceOf({ ...profile, sevEs: false, cpus: 8, cpuModel: 'EPYC-Rome' }, plain)).toBeUndefined();
  });

  it('may have any model of CPU where the pages are from files', () => {
    const supplied = { ...plan, cpu: { ...plan.cpu, pages: {} } };
    expect(differenceOf({ ...profile, cpuModel: 'EPYC-Rome' }, supplied)).toBeUndefined();
    expect(differenceOf({ ...profile, cpus: 3 }, supplied)).toBe('vcpus');
  });

  it('may have a model of CPU that is not known here: the measurement tells', () => {
    expect(differenceOf({ ...profile, cpuModel: 'host' }, plan)).toBeUndefined();
  });
});

describe('A comparison', () => {
  const say = { nothing: 'nothing', withEs: 'ES', withoutEs: 'no ES' };

  it('has every field of what the host says beside what is expected, and changes neither', () => {
    const frozen = Object.freeze(structuredClone(plan));
    const rows = comparisonOf(profile, frozen, plan.imageId ? file(plan.imageId.slice(0, 2)) : undefined, say);
    expect(rows.map(({ field }) => field)).toEqual(['image', 'es', 'kernel', 'initrd', 'cmdline', 'vcpus', 'model']);
    expect(rows.every(({ same }) => same)).toBe(true);
    expect(frozen).toEqual(plan);
  });

  it('says what is not said yet, and what differs', () => {
    const { kernel: _, ...empty } = plan;
    const rows = comparisonOf({ ...profile, sevEs: false, cmdline: 'init=/bin/sh' }, empty, undefined, say);
    const told = rows.map(({ field, own, same }) => `${field} ${own ?? '?'} ${same}`);
    expect(told.slice(0, 5)).toEqual([
      'image ? false',
      'es ES false',
      'kernel ? false',
      'initrd ? false',
      'cmdline ? false',
    ]);
  });
});
