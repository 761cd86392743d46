import { describe, expect, it } from 'vitest';
import { readQemuArguments } from '../../../shared/configure/read-qemu.ts';
import { buildVmsa } from '../../../shared/guest/vmsa.ts';
import { auditText, launchConfig, shownConfiguration } from './host-config.ts';
import type { LaunchRecord } from '../record/launch-record.ts';

describe('what a relay shows of a guest', () => {
  const shown = (...args: string[]) =>
    shownConfiguration({ kind: 'qemu-arguments', text: ['qemu-system-x86_64', ...args].join('\n') });

  it('is read as one argument a line, with its blanks and quotes', () => {
    const cmdline = `console=ttyS0 "it's" -bios /x`;
    const object = '{"qom-type":"sev-guest","id":"sev0","policy":5,"kernel-hashes":true}';
    const text = shown('-machine', 'q35,confidential-guest-support=sev0', '-object', object, '-append', cmdline, '-S');
    expect(readQemuArguments(text)).toMatchObject({ cmdline, security: 'sev', policy: 5, paused: true });
    expect(readQemuArguments(text).firmware).toBeUndefined();
  });

  it('is a command that stands for itself when it comes back from the field', () => {
    const text = shown('-kernel', '/boot/a b', '-append', '$(reboot) `x`', '-S');
    expect(text).toContain(`'$(reboot) \`x\`'`);
    expect(
      auditText(text, { expected: { kernel: true, cmdline: '$(reboot) `x`' } }).map(({ code }) => code),
    ).not.toContain('CONFIG_CMDLINE_OTHER');
  });

  it("is a domain's XML as it is", () => {
    expect(shownConfiguration({ kind: 'domain-xml', text: '<domain/>' })).toBe('<domain/>');
  });

  it("is a domain's XML although a terminal was copied with it", () => {
    const shown = (around: readonly [string, string]) =>
      auditText(`${around[0]}<domain type='kvm'><name>a</name></domain>${around[1]}`).map(({ code }) => code);
    expect(shown(["$ virsh dumpxml it's\n", '\n\n$ '])).toEqual(shown(['', '']));
    expect(shown(['', ''])).toContain('CONFIG_NOT_SEV');
  });
});

describe('the configuration of a launch', () => {
  it.each([
    ['EPYC-Milan', 'EPYC-Milan'],
    ['EPYC-Milan-v2', 'EPYC-Milan-v2'],
    ['0xa10f11', 'host'],
  ])('gives the CPU %s as -cpu %s', (model, cpuModel) => {
    const cpu = { vcpus: 1, model, variant: 'qemu', debugSwap: false };
    const record = { name: 'web', plan: { policy: 7, cpu } } as LaunchRecord;
    expect(launchConfig({ record, image: undefined, generation: 'milan' }).cpuModel).toBe(cpuModel);
  });

  it.each([
    ['a known maker', 0, { cpuModel: 'EPYC-Milan', vmsaVariant: 'qemu-init2', debugSwap: true }],
    ['an unknown one', 1, { cpuModel: 'EPYC-Milan', vmsaVariant: undefined, debugSwap: true }],
  ])('takes the CPU from a page of %s', (_, mark, expected) => {
    const settings = { variant: 'qemu-init2', cpuSignature: 0xa00f11, sevFeatures: 0x20 } as const;
    const page = buildVmsa(settings, 'boot');
    page[0x500] = mark;
    const cpu = { vcpus: 1, model: 'EPYC', variant: 'qemu', debugSwap: false, pages: { boot: { name: 'a', page } } };
    const record = { name: 'web', plan: { policy: 7, cpu } } as LaunchRecord;
    const { cpuModel, vmsaVariant, debugSwap } = launchConfig({ record, image: undefined, generation: 'milan' });
    expect({ cpuModel, vmsaVariant, debugSwap }).toEqual(expected);
  });
});
