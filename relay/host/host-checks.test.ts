// Recorded hosts, written by hand: what each can run, and the fix that its operator is told.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METHODS, type HostCheck } from '../../shared/relay-protocol.ts';
import { demoGuestImage } from '../../shared/simulator/demo-guest/image.ts';
import { advertisingImage, amdSevImage } from '../../shared/testing/firmware-images.ts';
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
    expect(describeChecks(checks, readinessOf(checks)).raw).toMatchSnapshot();
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
  const NO_DEVICE: Recording = { [SEV]: undefined, 'device /dev/sev': undefined };
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
      { 'text /proc/cmdline': 'quiet kvm_amd.sev=0', 'text /sys/module/kvm_amd/parameters/sev': 'N\n' },
      'fail',
      /remove “kvm_amd.sev=0”.*update-grub/,
    ],
    [
      'SEV off on the command line, and on again since',
      'kernel-parameters',
      { 'text /proc/cmdline': 'quiet kvm_amd.sev=0' },
      'warn',
      /update-grub/,
    ],
    [
      'SEV off in the module',
      'kvm-sev',
      { 'text /sys/module/kvm_amd/parameters/sev': 'N\n', 'text /proc/cmdline': 'quiet' },
      'fail',
      /modprobe kvm_amd sev=1/,
    ],
    [
      "the kernel's KVM knows nothing of SEV-ES",
      'kvm-sev-es',
      { 'text /sys/module/kvm_amd/parameters/sev_es': undefined },
      'fail',
      /5\.11/,
    ],
    ['no KVM', 'kvm', { kvmVersion: -2 }, 'fail', /SVM/],
    ['no right to KVM', 'kvm', { kvmVersion: -13 }, 'fail', /usermod -aG kvm operator/],
    ['no driver', 'module-ccp', { 'names /sys/module': ['kvm'], ...NO_DEVICE }, 'fail', /modprobe ccp/],
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
      { 'names /sys/module': ['ccp', 'kvm'], 'text /sys/module/kvm_amd/parameters/sev': undefined },
      'skip',
      'kvm_amd is not loaded, so nothing says whether SEV-SNP is on.',
    ],
  ])('SNP %s', async (_, changes, status, message) => {
    expect(await one('kvm-snp', 'milan-debian', changes)).toMatchObject({ status, message });
  });

  it('a module that is not loaded is not called old', async () => {
    const changes = { 'text /sys/module/kvm_amd/parameters/sev': undefined };
    expect(await one('kvm-sev', 'milan-debian', changes)).toMatchObject({
      message: "This kernel's kvm_amd does not know SEV.",
    });
    const gone = { ...changes, 'names /sys/module': ['ccp', 'kvm'] };
    expect(await one('kvm-sev', 'milan-debian', gone)).toMatchObject({ message: 'The module kvm_amd is not loaded.' });
  });

  it('an image with places for secrets and kernel hashes is told as such', async () => {
    const image = Buffer.from(amdSevImage()).toString('base64');
    const changes = { 'bytes /usr/share/edk2/ovmf/OVMF.amdsev.fd': { base64: image } };
    expect(await one('ovmf', 'rome-fedora-without-es', changes)).toMatchObject({
      status: 'pass',
      message: 'For secrets and kernel hashes: /usr/share/edk2/ovmf/OVMF.amdsev.fd.',
    });
  });

  it.each([
    ['Debian’s generic OVMF, which has the places and no code', advertisingImage()],
    ['the demo guest image, which is no firmware for a host', demoGuestImage()],
  ])('no PASS for %s', async (_, image) => {
    const changes = {
      'bytes /usr/share/edk2/ovmf/OVMF.amdsev.fd': { base64: Buffer.from(image).toString('base64') },
    };
    expect(await one('ovmf', 'rome-fedora-without-es', changes)).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('no code was found that checks a kernel') as string,
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
    expect(await one('cpu-cbit', 'milan-debian')).toMatchObject({
      message: 'cbitpos=51, reduced-phys-bits=1; addresses lose 5 bits.',
    });
  });
});

const EPYC = {
  naples: [23, 1, 'AMD EPYC 7401P 24-Core Processor', 'sme sev'],
  milan: [25, 1, 'AMD EPYC 7313P 16-Core Processor', 'sme sev sev_es'],
  turin: [26, 2, 'AMD EPYC 9575F 64-Core Processor', 'sme sev sev_es'],
} as const;
const cpu = (family: number, model: number, name: string, flags: string, vendor = 'AuthenticAMD'): Recording => ({
  'text /proc/cpuinfo': `processor\t: 0\nvendor_id\t: ${vendor}\ncpu family\t: ${family}\nmodel\t\t: ${model}\nmodel name\t: ${name}\nflags\t\t: fpu svm ${flags}\n`,
});
const parameter = (name: string, value: string | undefined): Recording => ({
  [`text /sys/module/kvm_amd/parameters/${name}`]: value,
});
const kernel = (version: string, line = 'quiet'): Recording => ({
  'text /proc/sys/kernel/osrelease': `${version}\n`,
  'text /proc/cmdline': `${line}\n`,
});
const UNREAD: Recording = {
  'cpuid 0x8000001f': undefined,
  'msr 0xc0010010': undefined,
  'text /sys/fs/cgroup/misc.capacity': undefined,
};
const NO_DEVICE: Recording = { 'access /dev/sev': undefined, 'device /dev/sev': undefined };
const firmwareSays = (status: object): Recording => ({
  'device /dev/sev': {
    status: { apiMajor: 1, apiMinor: 55, build: 22, state: 'init', owner: 'self', es: true, guests: 0, ...status },
  },
});
const qemuAt = (path: string, version = '6.2.0', properties?: string): Recording => ({
  'run qemu-system-x86_64 --version': undefined,
  [`run ${path} --version`]: { code: 0, output: `QEMU emulator version ${version} (qemu-kvm)\n` },
  [`run ${path} -object help`]: { code: 0, output: '  sev-guest\n' },
  ...(properties !== undefined && { [`run ${path} -object sev-guest,help`]: { code: 0, output: properties } }),
});
const PROPERTIES = 'sev-guest options:\n  cbitpos=<uint32>\n';
/** The names of the checks that failed. */
const causes = (checks: readonly HostCheck[]) => checks.filter(({ status }) => status === 'fail').map(({ id }) => id);

describe('What a host has proven goes before what its versions and places suggest', () => {
  it.each<[string, Recording, number, readonly string[]]>([
    ["RHEL 8's kernel, into which SEV-ES was brought", kernel('4.18.0-372.9.1.el8.x86_64'), 0, []],
    [
      'a kernel of 4.12 with SEV alone',
      {
        ...kernel('4.12.14-122.37-default'),
        ...parameter('sev', '1\n'),
        ...parameter('sev_es', undefined),
        ...firmwareSays({ es: false }),
      },
      3,
      ['kvm-sev-es'],
    ],
    [
      'a newer kernel that was built without SEV',
      { ...kernel('6.8.0'), ...parameter('sev', undefined), ...parameter('sev_es', undefined), ...NO_DEVICE },
      1,
      ['kvm-sev', 'sev-device'],
    ],
    ['QEMU out of the PATH, as RHEL has it', qemuAt('/usr/libexec/qemu-kvm'), 0, []],
    ["QEMU by Proxmox's name", qemuAt('/usr/bin/kvm', '9.2.0'), 0, []],
    [
      'QEMU where only libvirt finds it',
      {
        ...qemuAt('/opt/q/bin/qemu-system-x86_64', '10.0.0'),
        'run virsh --connect=qemu:///system domcapabilities': {
          code: 0,
          output: "<path>/opt/q/bin/qemu-system-x86_64</path><sev supported='yes'><cbitpos>51</cbitpos></sev>",
        },
      },
      0,
      [],
    ],
    ['no QEMU at all', { 'run qemu-system-x86_64 --version': undefined }, 1, ['qemu']],
    ['a driver of the AMD-SP that is built in', { 'names /sys/module': ['kvm', 'kvm_amd'] }, 0, []],
    ['a KVM that is built in', { 'names /sys/module': ['kvm'] }, 0, []],
    ['a processor whose flags an old kernel does not show', cpu(25, 1, 'AMD EPYC 7313P', ''), 0, []],
    ['CPUID that only root may read', UNREAD, 0, []],
    ['a processor that came out after this program', { ...cpu(26, 80, 'AMD EPYC 9965X', 'sme sev sev_es') }, 0, []],
    ['a sample of a processor', cpu(25, 17, 'AMD Eng Sample: 100-000000897-03', 'sme sev sev_es'), 0, []],
  ])('%s', async (_, changes, code, failed) => {
    const checks = await checksOf('milan-debian', changes);
    expect(causes(checks)).toEqual(failed);
    expect(exitCodeOf(readinessOf(checks))).toBe(code);
  });

  it.each([
    ['6.1.0', `${PROPERTIES}  kernel-hashes=<bool>\n`, 'pass'],
    ['6.2.0', PROPERTIES, 'warn'],
    ['6.2.0', undefined, 'pass'],
    ['6.1.0', undefined, 'warn'],
  ])('QEMU %s by its own list of properties', async (version, properties, status) => {
    const changes = qemuAt('qemu-kvm', version, properties);
    expect(await one('qemu', 'milan-debian', changes)).toMatchObject({ status });
  });
});

describe('A fault is told once, by its cause', () => {
  const off = { ...parameter('sev', 'N\n'), ...parameter('sev_es', 'N\n') };
  const noEs = { ...parameter('sev_es', 'N\n'), ...firmwareSays({ es: false }) };
  const minimumOne = {
    'cpuid 0x8000001f': { eax: 16907583, ebx: 16755, ecx: 509, edx: 1 },
    'text /sys/fs/cgroup/misc.capacity': undefined,
  };
  it.each<[string, Recording, number, string, RegExp, RegExp?]>([
    [
      'a minimum ASID of 1',
      { ...noEs, ...minimumOne, ...kernel('5.19.0', 'kvm_amd.sev=1 kvm_amd.sev_es=1') },
      3,
      'cpu-es-asids',
      /BIOS/,
      /modprobe|5\.11/,
    ],
    [
      'the same where the kernel counts none',
      { ...noEs, ...minimumOne, 'text /sys/fs/cgroup/misc.capacity': 'sev 509\nsev_es 0\n' },
      3,
      'cpu-es-asids',
      /BIOS/,
      /modprobe/,
    ],
    [
      'SEV off on the command line, with a dash',
      { ...off, ...kernel('6.8.0', 'ro kvm-amd.sev=0') },
      1,
      'kernel-parameters',
      /remove “kvm-amd.sev=0”/,
      /modprobe/,
    ],
    [
      'SEV off on the command line, in a word',
      { ...off, ...kernel('6.8.0', 'kvm_amd.sev=off') },
      1,
      'kernel-parameters',
      /remove/,
    ],
    [
      'SEV-ES off on the command line',
      { ...noEs, ...kernel('6.8.0', 'kvm_amd.sev-es=n') },
      3,
      'kernel-parameters-es',
      /remove “kvm_amd.sev-es=n”/,
      /modprobe/,
    ],
    [
      "SEV off in a file of modprobe's",
      {
        ...off,
        ...kernel('6.8.0'),
        'names /etc/modprobe.d': ['kvm.conf'],
        'text /etc/modprobe.d/kvm.conf': '# x\noptions kvm-amd nested=1 sev=0\n',
      },
      1,
      'kernel-parameters',
      /remove that line/,
    ],
    ['SEV off, and nobody asked for it', { ...off, ...kernel('5.10.0') }, 1, 'kvm-sev', /modprobe kvm_amd sev=1/],
    [
      'SEV off although it was asked for',
      { ...off, ...kernel('6.8.0', 'kvm_amd.sev=1') },
      1,
      'kvm-sev',
      /dmesg/,
      /modprobe -r kvm_amd && modprobe kvm_amd sev=1/,
    ],
    [
      'SEV off because nested paging is',
      { ...off, ...parameter('npt', 'N\n'), ...kernel('6.8.0') },
      1,
      'kvm-sev',
      /npt=0/,
    ],
    [
      'SME off in the BIOS, hidden by the kernel',
      { ...off, ...cpu(25, 1, EPYC.milan[2], ''), ...NO_DEVICE, 'msr 0xc0010010': undefined },
      1,
      'cpu-sme',
      /SMEE/,
      /modprobe/,
    ],
    [
      'an EPYC without SEV',
      { ...off, ...UNREAD, ...NO_DEVICE, ...cpu(25, 97, 'AMD EPYC 4464P 12-Core Processor', '') },
      1,
      'cpu-epyc',
      /4004/,
      /BIOS switch|modprobe/,
    ],
    [
      'an EPYC 4005',
      { ...off, ...UNREAD, ...NO_DEVICE, ...cpu(26, 68, 'AMD EPYC 4565P 16-Core Processor', '') },
      1,
      'cpu-epyc',
      /4005/,
    ],
    [
      'a Ryzen that shows the flag',
      { ...off, ...UNREAD, ...NO_DEVICE, ...cpu(23, 8, 'AMD Ryzen 5 2600 Six-Core Processor', 'sme sev') },
      1,
      'cpu-epyc',
      /EPYC server/,
    ],
    [
      'a Ryzen PRO, which encrypts memory',
      { ...off, ...UNREAD, ...NO_DEVICE, ...cpu(25, 80, 'AMD Ryzen 7 PRO 5850U with Radeon Graphics', 'sme') },
      1,
      'cpu-epyc',
      /EPYC server/,
      /SMEE/,
    ],
    [
      'a Threadripper, with the numbers of a Rome',
      {
        ...off,
        ...UNREAD,
        ...NO_DEVICE,
        ...cpu(23, 49, 'AMD Ryzen Threadripper 3970X 32-Core Processor', 'sme sev sev_es'),
      },
      1,
      'cpu-epyc',
      /EPYC server/,
    ],
    [
      "Hygon's processor",
      { ...cpu(24, 0, 'Hygon C86 7285 32-core Processor', 'sme sev', 'HygonGenuine') },
      1,
      'cpu-amd',
      /AMD EPYC/,
      /modprobe/,
    ],
    [
      'a virtual machine',
      { ...off, ...UNREAD, ...NO_DEVICE, ...cpu(25, 1, EPYC.milan[2], 'hypervisor') },
      1,
      'cpu-hypervisor',
      /machine itself/,
      /BIOS|modprobe/,
    ],
    [
      'firmware of 1.58 beside SEV-SNP',
      { ...parameter('sev_snp', 'Y\n'), ...firmwareSays({ apiMinor: 58 }) },
      3,
      'kvm-snp',
      /SEV-SNP off.*another host/,
      /update/,
    ],
    [
      'a driver that does not know a newer processor',
      { ...NO_DEVICE, ...cpu(...EPYC.turin), ...kernel('5.15.0-136-generic') },
      1,
      'sev-device',
      /newer kernel/,
      /switch on SEV/,
    ],
    [
      'a driver that does not take a known processor',
      { ...NO_DEVICE, ...kernel('6.8.0') },
      1,
      'sev-device',
      /update the BIOS/,
    ],
    [
      'an AMD-SP whose own firmware does not start',
      { ...cpu(...EPYC.naples), 'device /dev/sev': { error: 'The status is 32771 · 0x8003.', fix: 'look it up' } },
      1,
      'sev-firmware',
      /update the BIOS/,
      /look it up/,
    ],
    [
      'firmware that was initialized without SEV-ES',
      firmwareSays({ es: false }),
      3,
      'sev-es-ready',
      /modprobe -a ccp kvm_amd/,
    ],
  ])('%s', async (_, changes, code, cause, fix, never) => {
    const checks = await checksOf('milan-debian', changes);
    expect(causes(checks)).toEqual([cause]);
    expect(exitCodeOf(readinessOf(checks))).toBe(code);
    const told = checks.find(({ id }) => id === cause)!;
    expect(told.fix).toMatch(fix);
    if (never) expect(checks.map((check) => check.fix ?? '').join(' ')).not.toMatch(never);
  });

  it('the last of several words for one parameter decides, as for the kernel', async () => {
    const changes = { ...off, ...kernel('6.8.0', 'kvm_amd.sev=0 kvm_amd.sev=1') };
    expect(causes(await checksOf('milan-debian', changes))).toEqual(['kvm-sev']);
  });

  it('mem_encrypt=off is not a fault: SEV does not need SME for the host itself', async () => {
    expect(causes(await checksOf('milan-debian', kernel('6.8.0', 'mem_encrypt=off')))).toEqual([]);
  });

  it('firmware before 1.58 beside SEV-SNP is a warning', async () => {
    const changes = { ...parameter('sev_snp', 'Y\n'), ...firmwareSays({ apiMinor: 55 }) };
    expect(await one('kvm-snp', 'milan-debian', changes)).toMatchObject({ status: 'warn' });
  });

  it('an AMD-SP whose firmware file is missing is told so', async () => {
    const changes = (files: readonly string[]): Recording => ({
      'device /dev/sev': { error: 'The status is 32772 · 0x8004.', fix: '' },
      'names /lib/firmware/amd': files,
    });
    const missing = await one('sev-firmware', 'milan-debian', changes(['amd_sev_fam17h_model0xh.sbin']));
    expect(missing.message).toContain('no SEV firmware for this processor');
    const there = await one('sev-firmware', 'milan-debian', changes(['amd_sev_fam19h_model0xh.sbin']));
    expect(there.message).not.toContain('no SEV firmware');
  });

  it('no advice gives modprobe several modules without -a', async () => {
    for (const name of ['milan-debian', 'naples-suse-old', 'intel-ubuntu']) {
      const fixes = (await checksOf(name, NO_DEVICE)).map(({ fix }) => fix ?? '').join('\n');
      expect(fixes).not.toMatch(/modprobe (?:ccp|kvm_amd) (?:ccp|kvm_amd)/);
    }
  });

  it("libvirt's C-bit is compared with the processor's", async () => {
    expect(await one('libvirt-sev', 'rome-fedora-without-es')).toMatchObject({ status: 'warn' });
  });
});

describe("libvirt's own check", () => {
  const said = (verdict: string): Recording => ({
    'run virt-host-validate qemu': {
      code: 1,
      output: `  QEMU: Checking for hardware virtualization    : PASS\n  QEMU: Checking for secure guest support       : ${verdict}\n`,
    },
  });
  it.each<[string, Recording, RegExp]>([
    ['agrees', said('PASS'), /says the same/],
    [
      'goes by flags that an old kernel does not show',
      said('WARN (Unknown if this platform has Secure Guest support)'),
      /have answered/,
    ],
    ['sees no firmware that fails', { ...said('PASS'), 'device /dev/sev': { error: 'x', fix: 'y' } }, /beyond that/],
    ['is not there', {}, /not installed/],
  ])('%s', async (_, changes, message) => {
    expect(await one('libvirt-validate', 'milan-debian', changes)).toMatchObject({
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('The report', () => {
  const report = async (changes: Recording, all = false, colors = false) => {
    const checks = await checksOf('milan-debian', changes);
    return describeChecks(checks, readinessOf(checks), { all, colors }).raw;
  };
  it('begins with the verdict, tells causes alone, and what was skipped in one line', async () => {
    const text = await report({ ...NO_DEVICE, 'names /sys/module': ['kvm', 'kvm_amd'] });
    expect(text).toMatch(/^This host cannot run SEV guests\.\n\n\[ FAIL \] Driver of the AMD-SP/);
    expect(text).not.toContain('[ PASS ]');
    expect(text.split('\n').filter((line) => line.includes('Skipped:'))).toHaveLength(1);
    expect(text).toMatch(/Skipped: .*\/dev\/sev/);
  });
  it('tells what rules SEV out before what rules out SEV-ES', async () => {
    const text = await report({ kvmVersion: -2, ...firmwareSays({ es: false }) });
    expect(text.indexOf('] KVM')).toBeLessThan(text.indexOf('SEV-ES in the firmware'));
  });
  it('has every check where that is asked for', async () => {
    expect(await report({}, true)).toContain('[ PASS ] AMD processor');
  });
  it('has colors on a terminal alone', async () => {
    expect(await report({ kvmVersion: -2 })).not.toContain('\u001b');
    expect(await report({ kvmVersion: -2 }, false, true)).toContain('\u001b[31mFAIL\u001b[0m');
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
