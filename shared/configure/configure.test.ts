import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64 } from '../bytes/text.ts';
import {
  injectCommand,
  injectFiles,
  launchInfoCommand,
  qmpInjectCommand,
  resumeCommand,
  startPausedCommand,
} from './host-commands.ts';
import type { LaunchConfig } from './launch-config.ts';
import { domainXml, launchSecurityXml } from './libvirt-xml.ts';
import { qemuArguments, qemuCommand, qemuSessionFiles } from './qemu-command.ts';
import { quoteWord, splitCommand, writeCommand } from './shell.ts';
import { find, readDocument } from './xml.ts';

const config: LaunchConfig = {
  name: 'web-1',
  firmware: '/fw/OVMF.amdsev.fd',
  vcpus: 4,
  cpuModel: 'EPYC-Milan',
  memoryMib: 2048,
  policy: 0x1100000f,
  godh: new Uint8Array(2084).fill(1),
  session: new Uint8Array(128).fill(2),
  cbitpos: 51,
  reducedPhysBits: 1,
};
const kernel = { kernel: '/boot/vmlinuz', initrd: '/boot/initrd', cmdline: "console=ttyS0 a,b 'x' $HOME" };
const files = { dhCertFile: 'godh.b64', sessionFile: 'session.b64', qmpSocket: '/run/web,1.sock' };
const argumentsOf = (changes: Partial<LaunchConfig>) => qemuArguments({ ...config, ...changes }, files);
const after = (words: readonly string[], option: string) => words[words.indexOf(option) + 1];
const qemu = (major: number, minor: number) => ({ qemuVersion: { major, minor } });

describe("QEMU's arguments", () => {
  it('start the guest paused, with its session, policy and guest image', () => {
    const words = argumentsOf({});
    expect(words.at(-1)).toBe('-S');
    expect(after(words, '-object')).toBe(
      'sev-guest,id=sev0,cbitpos=51,reduced-phys-bits=1,policy=0x1100000f,dh-cert-file=godh.b64,session-file=session.b64',
    );
    expect(after(words, '-drive')).toBe('if=pflash,format=raw,unit=0,readonly=on,file=/fw/OVMF.amdsev.fd');
    expect(after(words, '-smp')).toBe('4,maxcpus=4');
    expect(words).not.toContain('-kernel');
    expect(after(words, '-qmp')).toBe('unix:/run/web,,1.sock,server=on,wait=off');
  });

  it('measure a kernel whenever one is given, or refuse', () => {
    expect(after(argumentsOf(kernel), '-object')).toContain(',kernel-hashes=on');
    expect(after(argumentsOf(kernel), '-append')).toBe(kernel.cmdline);
    expect(() => argumentsOf({ ...kernel, ...qemu(6, 1) })).toThrow('MEASURE_IMAGE at qemuVersion');
    expect(() => argumentsOf({ ...kernel, ...qemu(6, 2) })).not.toThrow();
    expect(() => argumentsOf({ cmdline: 'quiet' })).toThrow('need a kernel');
  });

  it('ask of a QEMU no more vCPUs than it has', () => {
    expect(() => argumentsOf({ vcpus: 289, ...qemu(8, 0) })).toThrow('MEASURE_VCPUS at qemuVersion');
    expect(after(argumentsOf({ vcpus: 288, ...qemu(8, 0) }), '-machine')).toContain(',kernel-irqchip=split,');
    expect(after(argumentsOf({ vcpus: 512, ...qemu(8, 1) }), '-smp')).toBe('512,maxcpus=512');
    expect(after(argumentsOf({ vcpus: 255 }), '-machine')).not.toContain('irqchip');
  });

  it('fit the version of QEMU', () => {
    expect(after(argumentsOf(qemu(5, 2)), '-machine')).toContain('memory-encryption=sev0');
    expect(after(argumentsOf(qemu(6, 0)), '-machine')).toContain('confidential-guest-support=sev0');
    const disks = ['/d,1.qcow2'];
    expect(argumentsOf({ disks, ...qemu(5, 2) }).join(' ')).toContain('file=/d,,1.qcow2');
    expect(argumentsOf({ disks, ...qemu(5, 2) }).filter((word) => word.includes('iommu_platform=on'))).toHaveLength(2);
    expect(argumentsOf({ disks, ...qemu(6, 0) }).some((word) => word.includes('iommu_platform'))).toBe(false);
    const object = (changes: Partial<LaunchConfig>) => after(argumentsOf(changes), '-object');
    expect(object({ vmsaVariant: 'qemu', ...qemu(9, 1) })).toContain('legacy-vm-type=on');
    expect(object({ vmsaVariant: 'qemu-init2', ...qemu(9, 1) })).toContain('legacy-vm-type=off');
    expect(object({ vmsaVariant: 'qemu', ...qemu(9, 0) })).not.toContain('legacy-vm-type');
    expect(object({ vmsaVariant: 'qemu', policy: 3, ...qemu(9, 1) })).not.toContain('legacy-vm-type');
    expect(object({ debugSwap: true, ...qemu(10, 2) })).toContain('debug-swap=on');
    expect(object({ debugSwap: true, ...qemu(10, 1) })).not.toContain('debug-swap');
  });

  it('keep QEMU 7.2 from adding a seed to the kernel', () => {
    expect(after(argumentsOf({ ...kernel, ...qemu(7, 2) }), '-machine')).toMatch(/^pc-q35-7\.1,/);
    expect(domainXml({ ...config, ...kernel, ...qemu(7, 2) })).toContain("machine='pc-q35-7.1'");
    expect(after(argumentsOf(qemu(7, 2)), '-machine')).toMatch(/^q35,/);
    expect(after(argumentsOf({ ...kernel, ...qemu(8, 0) }), '-machine')).toMatch(/^q35,/);
  });

  it('have no SMM under SEV-ES, and no iPXE', () => {
    expect(after(argumentsOf({}), '-machine')).toContain('smm=off');
    expect(after(argumentsOf({ policy: 3 }), '-machine')).not.toContain('smm');
    expect(argumentsOf({}).some((word) => word.startsWith('virtio-net-pci') && word.includes('romfile='))).toBe(true);
  });

  it('name a file, and no protocol of QEMU, however its path begins', () => {
    const path = 'nbd:host:10809,export=a';
    expect(after(argumentsOf({ firmware: path }), '-drive')).toContain(',file=./nbd:host:10809,,export=a');
    expect(argumentsOf({ disks: ['fat:rw:/etc'] }).join(' ')).toContain(',file=./fat:rw:/etc');
    expect(after(argumentsOf({ firmware: '/fw/a:b.fd' }), '-drive')).toContain(',file=/fw/a:b.fd');
  });

  it('are one command that a shell reads back', () => {
    const command = qemuCommand({ ...config, ...kernel }, files);
    expect(splitCommand(command)).toEqual(['qemu-system-x86_64', ...argumentsOf(kernel)]);
    expect(qemuSessionFiles(config)).toEqual({ dhCert: toBase64(config.godh), session: toBase64(config.session) });
  });
});

describe("libvirt's domain", () => {
  it('has what a measured launch needs', () => {
    const root = readDocument(domainXml({ ...config, ...kernel, disks: ['/d1', '/d2'] }));
    expect(find(root, 'memoryBacking', 'locked')).toBeDefined();
    expect(find(root, 'os', 'loader')!.attributes).toEqual({
      readonly: 'yes',
      type: 'pflash',
      stateless: 'yes',
    });
    expect(find(root, 'os', 'nvram')).toBeUndefined();
    expect(find(root, 'os', 'cmdline')!.text).toBe(kernel.cmdline);
    expect(find(root, 'os', 'type')!.attributes['machine']).toBe('q35');
    expect(find(root, 'features', 'smm')!.attributes['state']).toBe('off');
    expect(find(root, 'devices', 'interface', 'rom')!.attributes['enabled']).toBe('no');
    expect(find(root, 'vcpu')!.text).toBe('4');
    const disks = find(root, 'devices')!.children.filter(({ name }) => name === 'disk');
    expect(disks.map((disk) => find(disk, 'target')!.attributes['dev'])).toEqual(['vda', 'vdb']);
    expect(root.text).toBe('');
  });

  it('has the session in its launch security, and kernel hashes with a kernel', () => {
    const security = readDocument(launchSecurityXml(config));
    expect(security.attributes).toEqual({ type: 'sev' });
    expect(find(security, 'policy')!.text).toBe('0x1100000f');
    expect(find(security, 'dhCert')!.text).toBe(toBase64(config.godh));
    expect(find(security, 'session')!.text).toBe(toBase64(config.session));
    expect(readDocument(launchSecurityXml({ ...config, ...kernel })).attributes['kernelHashes']).toBe('yes');
  });

  it('wants whole paths, and a QEMU that can measure the kernel', () => {
    for (const changes of [{ firmware: 'OVMF.fd' }, { ...kernel, initrd: 'initrd' }, { disks: ['./d.qcow2'] }]) {
      expect(() => domainXml({ ...config, ...changes })).toThrow('libvirt wants whole paths');
    }
    expect(() => domainXml({ ...config, ...kernel, ...qemu(6, 1) })).toThrow('MEASURE_IMAGE at qemuVersion');
  });

  it('turns the IOMMU on where QEMU does not do it by itself', () => {
    const driver = (changes: object) =>
      find(readDocument(domainXml({ ...config, ...changes })), 'devices', 'rng', 'driver');
    expect(driver(qemu(5, 2))!.attributes['iommu']).toBe('on');
    expect(driver(qemu(6, 0))).toBeUndefined();
  });

  it('takes the host CPU as it is where that was chosen', () => {
    const cpu = find(readDocument(domainXml({ ...config, cpuModel: 'host' })), 'cpu')!;
    expect(cpu.attributes).toEqual({ mode: 'host-passthrough' });
  });
});

describe('A configuration', () => {
  it.each<[string, Partial<LaunchConfig>]>([
    ['a name that is an option', { name: '-S' }],
    ['a name with a comma', { name: 'a,b' }],
    ['a policy with reserved bits', { policy: 64 }],
    ['no vCPU', { vcpus: 0 }],
    ['a CPU model with an option', { cpuModel: 'EPYC,+x' }],
    ['a path that is an option', { firmware: '-S' }],
    ['an empty path', { firmware: '' }],
    ['a path with a line end', { ...kernel, kernel: '/a\nb' }],
    ['a command line with a line end', { ...kernel, cmdline: 'a\nb' }],
    ['too little memory', { memoryMib: 1 }],
    ['a C-bit that is none', { cbitpos: 64 }],
  ])('is refused with %s', (_, changes) => {
    expect(() => argumentsOf(changes)).toThrow(/BYTES_VALUE|MEASURE_/);
    expect(() => domainXml({ ...config, ...changes })).toThrow(/BYTES_VALUE|MEASURE_/);
  });
});

describe("The host's commands", () => {
  const packet = { header: new Uint8Array(52).fill(3), payload: new Uint8Array(64).fill(4) };

  it('inject a packet through virsh, which wants base64 files and a decimal address', () => {
    const paths = { header: 'web 1.hdr', payload: 'web.secret' };
    expect(injectCommand('web-1', paths)).toBe(
      "virsh domsetlaunchsecstate web-1 --secrethdr 'web 1.hdr' --secret web.secret",
    );
    expect(injectCommand('web-1', paths, 0x810000)).toMatch(/ --set-address 8454144$/);
    expect(injectFiles(packet)).toEqual({ header: toBase64(packet.header), payload: toBase64(packet.payload) });
    expect(() => injectCommand('web-1', paths, 0)).toThrow('BYTES_VALUE at address');
    expect(() => injectCommand('--help', paths)).toThrow('BYTES_VALUE at domain');
  });

  it('inject a packet through QMP, with a number as the address', () => {
    expect(JSON.parse(qmpInjectCommand(packet, 0x810000))).toEqual({
      execute: 'sev-inject-launch-secret',
      arguments: { 'packet-header': toBase64(packet.header), secret: toBase64(packet.payload), gpa: 0x810000 },
    });
    expect(qmpInjectCommand(packet)).not.toContain('gpa');
  });

  it('start, ask and resume', () => {
    expect(startPausedCommand('web-1')).toBe('virsh start --paused web-1');
    expect(launchInfoCommand("web's")).toBe(`virsh domlaunchsecinfo 'web'\\''s'`);
    expect(resumeCommand('web-1')).toBe('virsh resume web-1');
  });
});

describe('A shell', () => {
  it('reads back every word that was quoted', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 30 });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        expect(splitCommand(words.map(quoteWord).join(' '))).toEqual(words);
        expect(splitCommand(writeCommand(['qemu', ...words]))).toEqual(['qemu', ...words]);
      }),
    );
  });

  it('splits what people copy', () => {
    expect(splitCommand('a  "b c" \\\n  d\\ e \'f"g\' "h\\"i\\n" ""')).toEqual([
      'a',
      'b c',
      'd e',
      'f"g',
      'h"i\\n',
      '',
    ]);
    expect(() => splitCommand('a "b')).toThrow('BYTES_VALUE');
    expect(() => splitCommand('a'.repeat(300_000))).toThrow('BYTES_TOO_LARGE');
  });
});
