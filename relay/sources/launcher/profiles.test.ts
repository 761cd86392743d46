import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SevError } from '../../../shared/errors.ts';
import { temporaryFolder } from '../../testing/testing.ts';
import { hostCbitpos, qemuArguments } from './arguments.ts';
import { describeProfile, FileHints, type LaunchProfile, readProfiles } from './profiles.ts';
import { launchError } from './words.ts';

const PLAIN = { name: 'web', kind: 'plain', firmware: '/fw.fd', cpus: 1, cpuModel: 'EPYC-v4', memoryMiB: 64 } as const;

function fileOf(content: unknown): string {
  const file = join(temporaryFolder(), 'profiles.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const refusal = (profile: object): string => {
  try {
    readProfiles(fileOf({ profiles: [{ ...PLAIN, ...profile }] }));
    return 'taken';
  } catch (error) {
    return (error as SevError).code === 'RELAY_FILE' ? (error as SevError).sentence : String(error);
  }
};

describe('profiles', () => {
  it("of the operator's guide can be used as they stand there", () => {
    const guide = readFileSync('docs/host-operator.md', 'utf8');
    const [, example] = /```json\n([^]*?)```/.exec(guide)!;
    expect(readProfiles(fileOf(example!)).profiles[0]).toMatchObject({ name: 'web', kind: 'sev-es' });
  });

  it('name files beside themselves', () => {
    const file = fileOf({ profiles: [{ ...PLAIN, firmware: 'fw.fd', disks: [{ path: 'd.raw', format: 'raw' }] }] });
    const [profile] = readProfiles(file).profiles;
    expect(profile).toMatchObject({ firmware: join(file, '../fw.fd'), disks: [{ path: join(file, '../d.raw') }] });
  });

  it.each<[string, object, string]>([
    ['a name that is an option', { name: '-drive' }, 'profiles[0].name'],
    ['a name with a path', { name: 'a/b' }, 'profiles[0].name'],
    ['a name with a comma', { name: 'a,b' }, 'profiles[0].name'],
    ['options behind the CPU model', { cpuModel: 'EPYC,+svm' }, 'profiles[0].cpuModel'],
    ['a line break in the command line', { kernel: '/k', cmdline: 'a\nb' }, 'profiles[0].cmdline'],
    ['a line break in a path', { firmware: '/a\n/b' }, 'profiles[0].firmware'],
    ['a tap device with options', { network: { tap: 'tap0,script=/x' } }, 'profiles[0].network.tap'],
    ['another network', { network: 'bridge' }, 'profiles[0].network'],
    ['an unknown member', { args: ['-device'] }, 'args'],
    ['no memory', { memoryMiB: 0 }, 'profiles[0].memoryMiB'],
    ['an initrd without a kernel', { initrd: '/i' }, 'need a kernel'],
    ['SEV without KVM', { kind: 'sev', accelerator: 'tcg' }, 'kvm'],
  ])('with %s are refused', (_, profile, says) => {
    expect(refusal(profile)).toContain(says);
  });

  it.each([
    ['no JSON', 'hello', 'It is not JSON'],
    ['twice the same name', { profiles: [PLAIN, PLAIN] }, 'given twice'],
    ['no profiles', {}, 'profiles'],
  ])('of %s are refused', (_, content, says) => {
    expect(() => readProfiles(fileOf(content))).toThrow(says);
  });

  it("are described by names, sizes and hashes, without the host's paths", async () => {
    const folder = temporaryFolder();
    const firmware = join(folder, 'fw.fd');
    writeFileSync(firmware, 'abc');
    const hints = new FileHints();
    const described = await describeProfile({ ...PLAIN, firmware }, hints);
    expect(described).toEqual({
      name: 'web',
      firmware: { name: 'fw.fd', size: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
      cpus: 1,
      cpuModel: 'EPYC-v4',
      sevEs: false,
      sev: false,
    });
    writeFileSync(firmware, 'abcd');
    expect((await describeProfile({ ...PLAIN, firmware }, hints)).firmware.size).toBe(4);
    await expect(describeProfile({ ...PLAIN, firmware: join(folder, 'no') }, hints)).rejects.toThrow('RELAY_FILE');
  });
});

describe('the arguments of QEMU', () => {
  const full: LaunchProfile = {
    name: 'web',
    kind: 'sev-es',
    firmware: '/fw,1.fd',
    kernel: '/vmlinuz',
    initrd: '/initrd',
    cmdline: 'root=/dev/vda, "quiet"',
    cpus: 4,
    cpuModel: 'EPYC-Milan',
    memoryMiB: 4096,
    disks: [{ path: '/d,isk.qcow2', format: 'qcow2' }],
    network: { tap: 'tap3' },
    legacyVmType: 'on',
    consoleLog: true,
  };

  it('of an SEV-ES guest', () => {
    expect(qemuArguments('web-xyz', full, 0x5, 51)).toMatchSnapshot();
  });

  it('of a guest without SEV name no SEV object, and no policy', () => {
    const args = qemuArguments('web-xyz', PLAIN, 0x7, 51).join(' ');
    expect(args).toContain('q35,accel=tcg ');
    expect(args).not.toMatch(/sev|policy/);
  });

  it("know the C-bit by the processor's family", () => {
    expect(hostCbitpos('vendor_id\t: AuthenticAMD\ncpu family\t: 23\nmodel\t\t: 49\n')).toBe(47);
    expect(hostCbitpos('cpu family\t: 25\n')).toBe(51);
    expect(hostCbitpos('')).toBe(51);
  });
});

it.each([
  [
    "qemu-system-x86_64: sev_launch_start: LAUNCH_START ret=1 fw_error=11 'Bad measurement'",
    'AMDSP_BAD_MEASUREMENT',
    /fw_error=11/,
  ],
  ["qemu: sev_common_kvm_init: failed to initialize ret=-16 fw_error=0 ''", 'RELAY_LAUNCH', /No place is free/],
  ["qemu: sev_kvm_init: cbitpos check failed, host '51' requested '47'", 'RELAY_LAUNCH', /host '51'/],
  ["qemu: sev_kvm_init: Failed to open /dev/sev 'No such file or directory'", 'RELAY_DEVICE', /could not open/],
  ['Could not access KVM kernel module: Permission denied', 'RELAY_LAUNCH', /cannot use KVM/],
  ["qemu: -drive file=/x: Could not open '/x': No such file", 'RELAY_LAUNCH', /Could not open/],
  ['', 'RELAY_LAUNCH', /said nothing/],
])("QEMU's last words “%s” are told as %s", (output, code, says) => {
  expect(launchError(output)).toMatchObject({ code, sentence: expect.stringMatching(says) as string });
});
