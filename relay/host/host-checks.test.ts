// Recorded hosts, written by hand: what each can run, and the fix that its operator is told.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METHODS, type HostCheck } from '../../shared/relay-protocol.ts';
import { demoGuestImage } from '../../shared/simulator/demo-guest/image.ts';
import { versionAtLeast } from './check.ts';
import { type Recording, recordHost, replayHost } from './recording.ts';
import { realHost } from './readings.ts';
import { describeChecks, exitCodeOf } from '../command/verbs/check.ts';
import { ALL_CHECKS, checkHost, readinessOf } from './host-checks.ts';

const recordingOf = (name: string): Recording =>
  JSON.parse(readFileSync(new URL(`../host/recordings/${name}.json`, import.meta.url), 'utf8')) as Recording;

const checksOf = (name: string, changes: Recording = {}): Promise<readonly HostCheck[]> =>
  checkHost({ sev: '/dev/sev' }, replayHost({ ...recordingOf(name), ...changes }));

const one = async (id: string, name: string, changes: Recording = {}): Promise<HostCheck> =>
  (await checksOf(name, changes)).find((check) => check.id === id)!;

describe('a recorded host', () => {
  it.each([
    ['milan-debian', 0],
    ['rome-fedora-without-es', 3],
    ['naples-suse-old', 1],
    ['intel-ubuntu', 1],
    ['milan-locked-away', 1],
  ])('%s ends with %i', async (name, code) => {
    const checks = await checksOf(name);
    expect(exitCodeOf(readinessOf(checks))).toBe(code);
    expect(describeChecks(checks, readinessOf(checks))).toMatchSnapshot();
  });

  it('fits the protocol', async () => {
    for (const name of ['milan-debian', 'naples-suse-old', 'intel-ubuntu']) {
      const checks = await checksOf(name);
      expect(METHODS['platform.checks'].result.parse({ checks }, 'checks')).toEqual({ checks });
      expect(checks.map(({ id }) => id)).toEqual(ALL_CHECKS.map(({ id }) => id));
      for (const { status, fix } of checks) expect(fix !== undefined).toBe(status === 'fail' || status === 'warn');
    }
  });
});

describe('one thing amiss', () => {
  const SEV = 'access /dev/sev';
  it.each<[string, string, Recording, HostCheck['status'], RegExp]>([
    ['SME is off in the BIOS', 'cpu-sme', { 'msr 0xc0010010': { bigint: '0x740000' } }, 'fail', /BIOS/],
    [
      'all places are SEV-ES',
      'cpu-asids',
      { 'text /sys/fs/cgroup/misc.capacity': 'sev 0\nsev_es 509\n' },
      'fail',
      /SEV-ES/,
    ],
    [
      'no places for SEV-ES',
      'cpu-es-asids',
      { 'text /sys/fs/cgroup/misc.capacity': 'sev 509\nsev_es 0\n' },
      'fail',
      /BIOS/,
    ],
    [
      'SEV off on the command line',
      'kernel-parameters',
      { 'text /proc/cmdline': 'quiet kvm_amd.sev=0' },
      'fail',
      /update-grub/,
    ],
    [
      'SEV off in the module',
      'kvm-sev',
      { 'text /sys/module/kvm_amd/parameters/sev': 'N\n' },
      'fail',
      /modprobe kvm_amd sev=1/,
    ],
    [
      'the kernel is too old for ES',
      'kernel-es',
      { 'text /proc/sys/kernel/osrelease': '5.10.0-9-amd64\n' },
      'fail',
      /5\.11/,
    ],
    ['no KVM', 'kvm', { kvmVersion: -2 }, 'fail', /SVM/],
    ['no right to KVM', 'kvm', { kvmVersion: -13 }, 'fail', /usermod -aG kvm operator/],
    ['no driver', 'module-ccp', { 'names /sys/module': ['kvm'] }, 'fail', /modprobe ccp/],
    [
      'the device is read-only',
      'sev-device',
      { [SEV]: { readable: true, writable: false, mode: 0o640, group: 'kvm' } },
      'warn',
      /udev/,
    ],
    [
      'the device is open to all',
      'sev-device',
      { [SEV]: { readable: true, writable: true, mode: 0o666, group: 'kvm' } },
      'warn',
      /udev/,
    ],
    [
      'an old QEMU',
      'qemu',
      { 'run qemu-system-x86_64 --version': { code: 0, output: 'QEMU emulator version 5.2.0' } },
      'fail',
      /6\.2/,
    ],
    [
      'a QEMU without kernel hashes',
      'qemu',
      { 'run qemu-system-x86_64 --version': { code: 0, output: 'QEMU emulator version 6.1.0' } },
      'warn',
      /kernel-hashes/,
    ],
    [
      'a QEMU without SEV',
      'qemu',
      { 'run qemu-system-x86_64 -object help': { code: 0, output: 'secret' } },
      'fail',
      /apt install/,
    ],
    ['an old libvirt', 'libvirt', { 'run virsh --version': { code: 0, output: '7.0.0\n' } }, 'warn', /8\.0/],
    [
      'a libvirt that sees no SEV',
      'libvirt-sev',
      { 'run virsh --connect=qemu:///system domcapabilities': { code: 0, output: "<sev supported='no'/>" } },
      'warn',
      /capabilities/,
    ],
    [
      'little memory to lock',
      'memlock',
      { 'text /proc/self/limits': 'Max locked memory         65536   65536  bytes\n' },
      'warn',
      /LimitMEMLOCK/,
    ],
    ['SNP', 'kvm-snp', { 'text /sys/module/kvm_amd/parameters/sev_snp': 'Y\n' }, 'warn', /0x15/],
    ['no image', 'ovmf', { 'names /usr/share/qemu/firmware': [] }, 'warn', /apt install/],
  ])('%s', async (_, id, changes, status, fix) => {
    expect(await one(id, 'milan-debian', changes)).toMatchObject({ status, fix: expect.stringMatching(fix) as string });
  });

  it.each<[string, Recording, HostCheck['status'], string]>([
    ['is off', { 'text /sys/module/kvm_amd/parameters/sev_snp': 'N\n' }, 'pass', 'SEV-SNP is off and not in the way.'],
    ['is unknown to an old kvm_amd', {}, 'pass', 'kvm_amd does not know SEV-SNP: it is not in the way.'],
    [
      'cannot be told without kvm_amd',
      { 'names /sys/module': ['ccp', 'kvm'] },
      'skip',
      'kvm_amd is not loaded, so nothing says whether SEV-SNP is on.',
    ],
  ])('SNP %s', async (_, changes, status, message) => {
    expect(await one('kvm-snp', 'milan-debian', changes)).toMatchObject({ status, message });
  });

  it('a module that is not loaded is not called old', async () => {
    const changes = { 'text /sys/module/kvm_amd/parameters/sev': undefined };
    expect(await one('kvm-sev', 'milan-debian', changes)).toMatchObject({ message: 'kvm_amd is too old to know SEV.' });
    const gone = { ...changes, 'names /sys/module': ['ccp', 'kvm'] };
    expect(await one('kvm-sev', 'milan-debian', gone)).toMatchObject({ message: 'The module kvm_amd is not loaded.' });
  });

  it('an image with places for secrets and kernel hashes is told as such', async () => {
    const image = Buffer.from(demoGuestImage()).toString('base64');
    const changes = { 'bytes /usr/share/edk2/ovmf/OVMF.amdsev.fd': { base64: image } };
    expect(await one('ovmf', 'rome-fedora-without-es', changes)).toMatchObject({
      status: 'pass',
      message: 'For secrets and kernel hashes: /usr/share/edk2/ovmf/OVMF.amdsev.fd.',
    });
  });

  it('what CPUID says is read when the kernel says nothing', async () => {
    const changes = {
      'text /proc/cpuinfo': 'vendor_id\t: AuthenticAMD\nflags\t\t: fpu\n',
      'text /sys/fs/cgroup/misc.capacity': undefined,
    };
    expect(await one('cpu-sev-es', 'milan-debian', changes)).toMatchObject({ status: 'pass' });
    expect(await one('cpu-asids', 'milan-debian', changes)).toMatchObject({
      message: 'Room for 410 SEV and 99 SEV-ES guests at once.',
    });
    expect(await one('cpu-cbit', 'milan-debian')).toMatchObject({ message: 'Bit 51; addresses lose 5 bits.' });
  });
});

it('a host is the same when it is played back', async () => {
  const { host, recording } = recordHost(realHost);
  const here = await checkHost({ sev: '/dev/sev' }, host);
  const onPaper = JSON.parse(JSON.stringify(recording)) as Recording;
  const there = await checkHost({ sev: '/dev/sev' }, replayHost(onPaper));
  const withoutImages = ({ id }: HostCheck): boolean => id !== 'ovmf';
  expect(there.filter(withoutImages)).toEqual(here.filter(withoutImages));
});

it.each([
  ['6.1.0-37-amd64', '5.11', true],
  ['5.11', '5.11', true],
  ['5.10.9', '5.11', false],
  ['4.16', '4.16.0', true],
  ['10.0', '9.1', true],
  ['garbage', '1.0', false],
])('version %s is at least %s: %s', (version, least, is) => {
  expect(versionAtLeast(version, least)).toBe(is);
});
