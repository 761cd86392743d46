import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64 } from '../bytes/text.ts';
import { SevError } from '../errors.ts';
import { auditConfig, type AuditContext, auditDomainXml, auditQemuArguments } from './audit.ts';
import type { LaunchConfig, QemuVersion } from './launch-config.ts';
import { domainXml } from './libvirt-xml.ts';
import { qemuArguments, qemuCommand } from './qemu-command.ts';
import { readDomainXml } from './read-domain.ts';
import { readQemuArguments } from './read-qemu.ts';
import type { Finding } from '../findings/finding.ts';

const config: LaunchConfig = {
  name: 'web-1',
  firmware: '/fw/OVMF.amdsev.fd',
  kernel: '/boot/vmlinuz',
  initrd: '/boot/initrd',
  cmdline: "console=ttyS0 'x'",
  vcpus: 4,
  cpuModel: 'EPYC-Milan',
  memoryMib: 2048,
  policy: 0x1100000f,
  godh: new Uint8Array(2084).fill(1),
  session: new Uint8Array(128).fill(2),
  cbitpos: 51,
  reducedPhysBits: 1,
  disks: ['/d,1.qcow2'],
};
const files = { dhCertFile: 'godh.b64', sessionFile: 'session.b64', qmpSocket: '/run/web.sock' };
const session = { policy: config.policy, godh: config.godh, blob: config.session };
const context: AuditContext = {
  session,
  expected: { vcpus: 4, cmdline: config.cmdline!, kernel: true },
  qemuVersion: { major: 8, minor: 2 },
};
const domain = domainXml(config);
const words = qemuArguments(config, files);
const codes = (findings: readonly Finding[]) =>
  findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code);
const domainCodes = (text: string, given = context) => codes(auditDomainXml(text, given));
const qemuCodes = (changed: readonly string[], given = context) => codes(auditQemuArguments(changed, given));

describe('What we configure', () => {
  it('passes our own audit in both forms', () => {
    expect(domainCodes(domain)).toEqual(['CONFIG_CLEAN']);
    expect(qemuCodes(words)).toEqual(['CONFIG_CLEAN']);
    expect(codes(auditQemuArguments(qemuCommand(config, files), context))).toEqual(['CONFIG_CLEAN']);
  });

  it('is read back as what it says', () => {
    const common = { security: 'sev', kernelHashes: true, policy: config.policy, vcpus: 4, smm: false, nvram: false };
    const paths = { kernel: config.kernel, initrd: config.initrd, cmdline: config.cmdline, firmware: config.firmware };
    expect(readDomainXml(domain)).toMatchObject({ ...common, ...paths, stateless: true, memory: { locked: true } });
    expect(readQemuArguments(words)).toMatchObject({ ...common, ...paths, paused: true, session: 'session.b64' });
  });
});

describe('An audit of more than 255 vCPUs', () => {
  const many: LaunchConfig = { ...config, vcpus: 288, cmdline: 'quiet intremap=off intel_iommu=off' };
  const of: AuditContext = { session, expected: { vcpus: 288 } };
  const xml = domainXml(many);
  const command = qemuCommand(many, files);

  it('finds nothing in what we configure for a kernel that leaves the IOMMU alone', () => {
    expect(domainCodes(xml, of)).toEqual(['CONFIG_CLEAN']);
    expect(codes(auditQemuArguments(command, of))).toEqual(['CONFIG_CLEAN']);
    expect(readDomainXml(xml)).toMatchObject({
      irqchip: 'split',
      iommu: { remapsInterrupts: true, extended: true },
    });
    const amd = edit(xml, /<iommu model='intel'>[\s\S]*<\/iommu>/, "<iommu model='amd'><driver xtsup='on'/></iommu>");
    expect(domainCodes(amd, of)).toEqual(['CONFIG_CLEAN']);
  });

  it.each<[string, string | RegExp, string]>([
    ['CONFIG_VCPUS_IOMMU', /<iommu[\s\S]*<\/iommu>/, ''],
    ['CONFIG_VCPUS_IOMMU', " eim='on'", ''],
    ['CONFIG_VCPUS_IRQCHIP', "<ioapic driver='qemu'/>", ''],
    ['CONFIG_IOMMU_ENCRYPTED', ' intremap=off', ''],
    ['CONFIG_VCPUS_MACHINE', "machine='q35'", "machine='pc-q35-8.0'"],
  ])('finds %s in a domain with %s edited', (code, from, to) => {
    const expected = code === 'CONFIG_VCPUS_MACHINE' ? [] : [code];
    expect(domainCodes(edit(xml, from, to), of)).toEqual(expected.length > 0 ? expected : ['CONFIG_CLEAN']);
    const more = edit(edit(xml, from, to), '>288<', '>289<');
    expect(domainCodes(more, { session })).toEqual([code]);
  });

  it('finds the I/O APIC in KVM on a command line, wherever it is split', () => {
    const plain = edit(command, ',kernel-irqchip=split', '');
    expect(codes(auditQemuArguments(plain, of))).toEqual(['CONFIG_VCPUS_IRQCHIP']);
    expect(codes(auditQemuArguments(`${plain} -accel kvm,kernel-irqchip=split`, of))).toEqual(['CONFIG_CLEAN']);
    const remapping = `${command} -device intel-iommu,intremap=on,eim=on`;
    expect(codes(auditQemuArguments(remapping, of))).toEqual(['CONFIG_CLEAN']);
    expect(codes(auditQemuArguments(edit(remapping, 'intremap=off ', ''), of))).toEqual(['CONFIG_IOMMU_ENCRYPTED']);
  });

  it('asks for nothing of it up to 255', () => {
    const few = domainXml({ ...config, vcpus: 255 });
    expect(few).not.toMatch(/iommu model|ioapic/);
    expect(domainCodes(few, { session })).toEqual(['CONFIG_CLEAN']);
    expect(qemuCommand({ ...config, vcpus: 255 }, files)).not.toContain('irqchip');
    expect(domainXml({ ...config, vcpus: 256 })).toMatch(/iommu model='intel'[\s\S]*eim='on'/);
  });
});

it('Whatever we configure, our own audit finds nothing in it, and every planted fault', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((line) => !/\p{Cc}|\p{Cs}/u.test(line));
  const path = text.map((name) => `/${name}`);
  const boot = fc.option(fc.record({ kernel: path, initrd: path, cmdline: text }), { nil: undefined });
  const given = fc.record({
    ...{ firmware: path, vcpus: fc.integer({ min: 1, max: 512 }), disks: fc.array(path, { maxLength: 3 }) },
    memoryMib: fc.integer({ min: 64, max: 1 << 20 }),
    policy: fc.constantFrom(3, 7, 0x3f, 0x1100000f),
    qemuVersion: fc.constantFrom({ major: 7, minor: 2 }, { major: 8, minor: 2 }, { major: 10, minor: 2 }),
  });
  const fits = ({ vcpus, qemuVersion }: { vcpus: number; qemuVersion: QemuVersion }) =>
    vcpus <= 288 || qemuVersion.major > 7;
  fc.assert(
    fc.property(given.filter(fits), boot, (some, kernel) => {
      const { kernel: _k, initrd: _i, cmdline: _c, ...rest } = config;
      const made: LaunchConfig = { ...rest, ...some, ...kernel };
      const { qemuVersion, vcpus, policy } = some;
      const expected = { vcpus, kernel: made.kernel !== undefined, cmdline: made.cmdline ?? '' };
      const of = { session: { ...session, policy }, expected, qemuVersion };
      const [xml, command] = [domainXml(made), qemuCommand(made, files)];
      const fault = vcpus > 255 && kernel ? 'CONFIG_IOMMU_ENCRYPTED' : 'CONFIG_CLEAN';
      expect(domainCodes(xml, of)).toEqual([fault]);
      expect(codes(auditQemuArguments(command, of))).toEqual(['CONFIG_CLEAN']);
      const faulty = edit(edit(xml, "<rom enabled='no'/>", ''), '<locked/>', '');
      expect(domainCodes(edit(faulty, '</os>', '<nvram>/v</nvram></os>'), of)).toEqual(
        expect.arrayContaining(['CONFIG_IPXE', 'CONFIG_MEMORY_LIMIT', 'CONFIG_NVRAM']),
      );
      const unmeasured = made.kernel === undefined ? [] : ['CONFIG_KERNEL_UNMEASURED'];
      expect(codes(auditQemuArguments(edit(command, / -S$/, '').replace(',kernel-hashes=on', ''), of))).toEqual([
        ...unmeasured,
        'CONFIG_NOT_PAUSED',
      ]);
    }),
    { numRuns: 60 },
  );
});

/** One text for another; fails where the first is not there, so that no case can pass by mistake. */
function edit(text: string, from: string | RegExp, to: string): string {
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`nothing to replace: ${String(from)}`);
  return edited;
}

describe('An audit of a domain finds', () => {
  it.each<[string, string, string | RegExp, string]>([
    ['CONFIG_NOT_SEV', 'no launch security', /<launchSecurity[\s\S]*launchSecurity>/, ''],
    ['CONFIG_NOT_SEV', 'another kind', "type='sev'", "type='sev-snp'"],
    ['CONFIG_NO_SESSION', 'no dhCert', /<dhCert>.*<\/dhCert>/, ''],
    ['CONFIG_NO_SESSION', 'an empty session', /<session>.*<\/session>/, '<session/>'],
    [
      'CONFIG_BLOBS_SWAPPED',
      'the two texts exchanged',
      /<dhCert>(.*)<\/dhCert>\s*<session>(.*)<\/session>/,
      '<dhCert>$2</dhCert><session>$1</session>',
    ],
    ['CONFIG_SESSION_OTHER', 'a session that was cut off', /<session>Ag.*<\/session>/, '<session>AgIC</session>'],
    ['CONFIG_GODH_OTHER', 'another dhCert', '<dhCert>AQ', '<dhCert>Ag'],
    ['CONFIG_GODH_OTHER', 'a dhCert that is no base64', '<dhCert>AQ', '<dhCert>??'],
    ['CONFIG_SESSION_OTHER', 'another session', '<session>Ag', '<session>AQ'],
    ['CONFIG_POLICY_OTHER', 'another policy', '0x1100000f', '0x3'],
    ['CONFIG_NO_POLICY', 'no policy', /<policy>.*<\/policy>/, ''],
    ['CONFIG_NO_POLICY', 'a policy that is no number', '0x1100000f', 'strict'],
    ['CONFIG_KERNEL_UNMEASURED', 'a kernel without hashes', " kernelHashes='yes'", ''],
    ['CONFIG_CMDLINE_OTHER', 'another command line', 'console=ttyS0', 'console=ttyS1'],
    ['CONFIG_NVRAM', 'a variable store', '<kernel>', '<nvram>/v.fd</nvram><kernel>'],
    ['CONFIG_MACHINE_LEGACY', 'an old machine', "machine='q35'", "machine='pc-i440fx-8.2'"],
    ['CONFIG_SMM', 'SMM with SEV-ES', "<smm state='off'/>", '<smm/>'],
    ['CONFIG_VCPUS_OTHER', 'other vCPUs', '>4</vcpu>', '>2</vcpu>'],
    ['CONFIG_VCPUS_OTHER', 'fewer vCPUs at the start', "<vcpu placement='static'>", "<vcpu current='2'>"],
    ['CONFIG_IPXE', 'an iPXE ROM', "<rom enabled='no'/>", ''],
    ['CONFIG_MEMORY_LIMIT', 'unlocked memory', '<locked/>', '<hugepages/>'],
    [
      'CONFIG_PASSTHROUGH',
      'arguments for QEMU',
      '</domain>',
      "<qemu:commandline><qemu:arg value='-S'/></qemu:commandline></domain>",
    ],
    [
      'CONFIG_PASSTHROUGH',
      'arguments for QEMU under another prefix',
      '</domain>',
      "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:arg value='-S'/></q:commandline></domain>",
    ],
    [
      'CONFIG_PASSTHROUGH',
      'arguments for QEMU without a prefix',
      '</domain>',
      "<commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><arg value='-S'/></commandline></domain>",
    ],
    ['CONFIG_NVRAM', "libvirt's newer variable store", '<kernel>', "<varstore path='/v.json'/><kernel>"],
    ['CONFIG_FIRMWARE_WRITABLE', 'a stateless loader that can be written', "readonly='yes'", "readonly='no'"],
    ['CONFIG_MACHINE_LEGACY', "no machine, which is libvirt's oldest", " machine='q35'", ''],
    ['CONFIG_CMDLINE_OTHER', 'a blank that libvirt keeps', '</cmdline>', ' </cmdline>'],
    ['CONFIG_FIRMWARE_UNNAMED', 'no firmware', config.firmware, ''],
  ])('%s: %s', (code, _, from, to) => {
    expect(domainCodes(edit(domain, from, to))).toContain(code);
  });

  it('the policy as libvirt reads it: in hex, with 0x before it or without', () => {
    const policyOf = (text: string) => readDomainXml(edit(domain, '0x1100000f', text)).policy;
    expect(policyOf('33')).toBe(0x33);
    expect(policyOf('0X1f')).toBe(0x1f);
    expect(policyOf('1100000f')).toBe(0x1100000f);
    expect(policyOf('100000000')).toBeUndefined();
    expect(policyOf('0x')).toBeUndefined();
    expect(domainCodes(edit(domain, '0x1100000f', String(config.policy)))).toContain('CONFIG_NO_POLICY');
  });

  it('an expected command line with blanks around it', () => {
    const given = { ...context, expected: { ...context.expected, cmdline: ' quiet ' } };
    expect(domainCodes(edit(domain, /<cmdline>.*<\/cmdline>/, '<cmdline> quiet </cmdline>'), given)).toEqual([
      'CONFIG_CLEAN',
    ]);
  });

  it('an iPXE ROM that is left out in any of its ways', () => {
    for (const rom of ["bar='off'", "file=''", "enabled='no'"]) {
      expect(domainCodes(domain.replace("<rom enabled='no'/>", `<rom ${rom}/>`))).toEqual(['CONFIG_CLEAN']);
    }
  });

  it('a loader that is not stateless, and one that can be written', () => {
    const stateful = edit(domain, " stateless='yes'", '');
    expect(domainCodes(stateful)).toEqual(['CONFIG_LOADER_STATEFUL']);
    expect(domainCodes(edit(stateful, "readonly='yes' ", ''))).toEqual([
      'CONFIG_LOADER_STATEFUL',
      'CONFIG_FIRMWARE_WRITABLE',
    ]);
    expect(domainCodes(edit(stateful, "type='pflash'", "type='rom'"))).toEqual(['CONFIG_CLEAN']);
  });

  it('a hard limit that is too tight, in any unit', () => {
    const limited = (unit: string, limit: number) =>
      edit(
        domain,
        /<memoryBacking>[\s\S]*<\/memoryBacking>/,
        `<memtune><hard_limit unit='${unit}'>${limit}</hard_limit></memtune>`,
      );
    expect(domainCodes(limited('MiB', 2304))).toEqual(['CONFIG_CLEAN']);
    expect(domainCodes(limited('MiB', 2303))).toEqual(['CONFIG_MEMORY_TIGHT']);
    expect(domainCodes(limited('KiB', 2304 * 1024))).toEqual(['CONFIG_CLEAN']);
    expect(domainCodes(limited('G', 3))).toEqual(['CONFIG_CLEAN']);
    expect(domainCodes(limited('furlong', 3))).toEqual(['CONFIG_MEMORY_LIMIT']);
  });

  it('virtio without IOMMU, by the version of QEMU', () => {
    const at = (major: number, minor: number) => ({ ...context, qemuVersion: { major, minor } });
    expect(domainCodes(domain, at(5, 2))).toEqual(['CONFIG_VIRTIO_IOMMU']);
    expect(domainCodes(domain, at(6, 0))).toEqual(['CONFIG_CLEAN']);
    const { qemuVersion: _, ...unknown } = context;
    const notes = auditDomainXml(domain, unknown).filter(({ severity }) => severity === 'note');
    expect(notes.map(({ code }) => code)).toContain('CONFIG_VIRTIO_IOMMU');
    const told = edit(domain, "machine='q35'", "machine='pc-q35-7.2'");
    expect(auditDomainXml(told, unknown).some(({ code }) => code === 'CONFIG_VIRTIO_IOMMU')).toBe(false);
    const on = domainXml({
      ...config,
      qemuVersion: { major: 5, minor: 2 },
      kernel: undefined,
      initrd: undefined,
      cmdline: undefined,
    } as unknown as LaunchConfig);
    expect(domainCodes(on, { session, ...at(5, 2), expected: {} })).toEqual(['CONFIG_CLEAN']);
  });

  it('the seed that QEMU 7.2 adds to a kernel', () => {
    const at = { ...context, qemuVersion: { major: 7, minor: 2 } };
    expect(domainCodes(domain, at)).toEqual(['CONFIG_KERNEL_SEED']);
    expect(domainCodes(edit(domain, "machine='q35'", "machine='pc-q35-7.1'"), at)).toEqual(['CONFIG_CLEAN']);
    expect(domainCodes(edit(domain, "machine='q35'", "machine='pc-q35-7.2'"), at)).toEqual(['CONFIG_KERNEL_SEED']);
  });

  it('old virtio on an old machine', () => {
    const old = edit(domain, "machine='q35'", "machine='pc'");
    expect(domainCodes(old)).toEqual(['CONFIG_MACHINE_LEGACY', 'CONFIG_VIRTIO_LEGACY']);
  });

  it('kernel hashes without a kernel, and a kernel that nobody expects', () => {
    const without = edit(domain, /<kernel>.*<\/kernel>/, '');
    expect(domainCodes(without)).toEqual(['CONFIG_HASHES_WITHOUT_KERNEL', 'CONFIG_KERNEL_OTHER']);
    expect(domainCodes(domain, { ...context, expected: { kernel: false } })).toEqual(['CONFIG_KERNEL_OTHER']);
  });

  it('nothing more in a dhCert that was pasted with line breaks', () => {
    expect(domainCodes(edit(domain, '<dhCert>AQEBAQEB', '<dhCert>\n  AQEB\n  AQEB'))).toEqual(['CONFIG_CLEAN']);
  });

  it('a document that is no domain', () => {
    expect(() => auditDomainXml('<network/>')).toThrow('BYTES_VALUE');
    expect(() => auditDomainXml('domain')).toThrow('BYTES_VALUE');
  });
});

describe("An audit of QEMU's arguments finds", () => {
  const without = (option: string, count: number) => {
    const at = words.indexOf(option);
    return [...words.slice(0, at), ...words.slice(at + count)];
  };
  const replaced = (from: string, to: string) => words.map((word) => word.replace(from, to));

  it.each<[string, readonly string[]]>([
    ['CONFIG_NOT_PAUSED', without('-S', 1)],
    ['CONFIG_NOT_SEV', replaced(',confidential-guest-support=sev0', '')],
    ['CONFIG_NOT_SEV', replaced('confidential-guest-support=sev0', 'confidential-guest-support=sev1')],
    ['CONFIG_NO_SESSION', replaced(',session-file=session.b64', '')],
    ['CONFIG_POLICY_OTHER', replaced(',policy=0x1100000f', '')],
    ['CONFIG_KERNEL_UNMEASURED', replaced(',kernel-hashes=on', '')],
    ['CONFIG_NVRAM', [...words, '-drive', 'if=pflash,format=raw,unit=1,file=/v.fd']],
    ['CONFIG_NVRAM', [...words, '-drive', 'if=pflash,format=raw,file=/v.fd']],
    ['CONFIG_FIRMWARE_WRITABLE', replaced(',readonly=on', '')],
    ['CONFIG_MACHINE_LEGACY', without('-machine', 2)],
    ['CONFIG_MACHINE_LEGACY', replaced('q35', 'pc-i440fx-8.2')],
    ['CONFIG_SMM', replaced('smm=off', 'smm=on')],
    ['CONFIG_IPXE', replaced(',romfile=', '')],
    ['CONFIG_VCPUS_OTHER', replaced('4,maxcpus=4', '2,maxcpus=4')],
    ['CONFIG_CMDLINE_OTHER', replaced('ttyS0', 'ttyS1')],
    ['CONFIG_FIRMWARE_UNNAMED', without('-drive', 2)],
    // -pflash is a drive like the others, in their order; a second one is the variable store.
    ['CONFIG_NVRAM', [...words, '-pflash', '/v.fd']],
    ['CONFIG_NVRAM', [...words, '-device', 'uefi-vars-x64,jsonfile=/v.json']],
    // Flash goes before -bios, which then is not even read.
    ['CONFIG_FIRMWARE_WRITABLE', [...replaced(',readonly=on', ''), '-bios', '/fw/other.fd']],
    // Settings that are not in the arguments themselves.
    ['CONFIG_PASSTHROUGH', [...words, '-readconfig', '/etc/qemu.conf']],
    ['CONFIG_PASSTHROUGH', [...words, '-set', 'drive.pflash0.readonly=off']],
    ['CONFIG_IPXE', [...words, '-device', 'virtio-net,netdev=net0']],
    ['CONFIG_IPXE', [...words, '-nic', 'user,model=virtio-net-pci']],
    ['CONFIG_IPXE', [...words, '-net', 'nic,model=virtio']],
    // Options without a value do not swallow the next one.
    ...['-s', '-portrait', '-enable-sync-profile', '-xen-attach', '-win2k-hack'].map(
      (flag) => ['CONFIG_NVRAM', [...words, flag, '-drive', 'if=pflash,file=/v.fd']] as [string, readonly string[]],
    ),
  ])('%s', (code, changed) => {
    expect(changed.join()).not.toBe(words.join());
    expect(qemuCodes(changed)).toContain(code);
  });

  it("all the same in libvirt's way of writing them", () => {
    const libvirt = [
      ...['/usr/bin/qemu-system-x86_64', '-name', 'guest=web-1,debug-threads=on', '-S', '-accel', 'kvm'],
      ...['-blockdev', '{"driver":"file","filename":"/fw/OVMF.amdsev.fd","node-name":"libvirt-pflash0-storage"}'],
      ...[
        '-blockdev',
        '{"node-name":"libvirt-pflash0-format","read-only":true,"driver":"raw","file":"libvirt-pflash0-storage"}',
      ],
      ...['-machine', 'pc-q35-8.2,usb=off,smm=off,confidential-guest-support=lsec0,pflash0=libvirt-pflash0-format'],
      ...['-smp', '4,sockets=2,cores=2,threads=1'],
      ...[
        '-object',
        `{"qom-type":"sev-guest","id":"lsec0","cbitpos":51,"reduced-phys-bits":1,"policy":${config.policy},"dh-cert-file":"/d","session-file":"/s","kernel-hashes":true}`,
      ],
      ...['-kernel', '/boot/vmlinuz', '-append', config.cmdline!],
      ...['-device', '{"driver":"virtio-net-pci","id":"net0","romfile":""}'],
    ];
    expect(qemuCodes(libvirt)).toEqual(['CONFIG_CLEAN']);
    expect(readQemuArguments(libvirt)).toMatchObject({
      firmware: '/fw/OVMF.amdsev.fd',
      vcpus: 4,
      policy: config.policy,
    });
    const withVariables = libvirt.map((word) => word.replace(',pflash0=', ',pflash1=libvirt-pflash1,pflash0='));
    expect(qemuCodes(withVariables)).toEqual(['CONFIG_NVRAM']);
    const rom = libvirt.map((word) => word.replace(',"romfile":""', ''));
    expect(qemuCodes(rom)).toEqual(['CONFIG_IPXE']);
  });

  it('nothing wrong with the short way to a debugger before -S', () => {
    expect(qemuCodes([...without('-S', 1), '-s', '-S'])).toEqual(['CONFIG_CLEAN']);
  });

  it('numbers and switches as QEMU reads them', () => {
    const policyOf = (text: string) => readQemuArguments(replaced('0x1100000f', text)).policy;
    expect(policyOf('010')).toBe(8);
    expect(policyOf('10')).toBe(10);
    expect(policyOf('08')).toBeUndefined();
    for (const on of ['yes', 'true', 'y']) {
      expect(qemuCodes(replaced('kernel-hashes=on', `kernel-hashes=${on}`))).toEqual(['CONFIG_CLEAN']);
      expect(qemuCodes(replaced('readonly=on', `readonly=${on}`))).toEqual(['CONFIG_CLEAN']);
    }
    expect(readQemuArguments(['-bios', '/fw/a.fd', '-drive', 'if=pflash,file=/fw/b.fd']).firmware).toBe('/fw/b.fd');
    expect(
      readQemuArguments([
        '-blockdev',
        'driver=raw,node-name=a,file.driver=file,file.filename=/fw/b.fd',
        '-machine',
        'pflash0=a',
      ]).firmware,
    ).toBe('/fw/b.fd');
  });

  it('a kernel that is given to the machine', () => {
    const facts = readQemuArguments(['-machine', 'q35,kernel=/k,initrd=/i,append=quiet,firmware=/fw']);
    expect(facts).toMatchObject({ kernel: '/k', initrd: '/i', cmdline: 'quiet', firmware: '/fw' });
  });

  it('virtio disks in the short way of writing them', () => {
    const at = { ...context, qemuVersion: { major: 5, minor: 2 } };
    const iommu = words.map((word) => (/^virtio-(blk|net)/.test(word) ? `${word},iommu_platform=on` : word));
    expect(qemuCodes(iommu, at)).toEqual(['CONFIG_CLEAN']);
    expect(qemuCodes([...iommu, '-drive', 'if=virtio,file=/d.raw'], at)).toEqual(['CONFIG_VIRTIO_IOMMU']);
  });

  it.each([
    ['-smp', '010', 8],
    ['-smp', '2', 2],
    ['-smp', 'cpus=8', 8],
    ['-smp', 'sockets=2,cores=4,threads=2', 16],
    ['-smp', 'maxcpus=6', 6],
    ['-m', '1G', 1],
  ])('%s %s to be that many vCPUs', (option, value, vcpus) => {
    expect(readQemuArguments([option, value]).vcpus).toBe(vcpus);
  });

  it('a comma within a path', () => {
    expect(readQemuArguments(['-drive', 'if=pflash,file=/a,,b,,,readonly=on']).firmware).toBe('/a,b,');
    expect(readQemuArguments(['-bios', '/a,b']).firmware).toBe('/a,b');
  });

  it.each([
    ['no option at all', 'qemu-system-x86_64'],
    ['nothing', ''],
    ['an option without its value', 'qemu -machine'],
    ['a quote that is open', "qemu -append 'x"],
  ])('that %s is no configuration', (_, text) => {
    expect(() => auditQemuArguments(text)).toThrow(SevError);
  });

  it('too much of it', () => {
    expect(() => auditQemuArguments(Array.from({ length: 10_001 }, () => '-S'))).toThrow('BYTES_TOO_LARGE');
    expect(() => auditQemuArguments(['-append', 'x'.repeat(70_000)])).toThrow('BYTES_TOO_LARGE');
  });
});

describe("An audit of QEMU's arguments with the texts themselves", () => {
  it('says that QEMU wants files, as guides have it wrong', () => {
    const given = toBase64(config.godh);
    const inline = words.map((word) => word.replace('dh-cert-file=godh.b64', `dh-cert-file=${given}`));
    expect(qemuCodes(inline)).toEqual(['CONFIG_BLOB_INLINE']);
    const both = inline.map((word) =>
      word.replace('session-file=session.b64', `session-file=${toBase64(config.session)}`),
    );
    expect(qemuCodes(both)).toEqual(['CONFIG_BLOB_INLINE', 'CONFIG_BLOB_INLINE']);
  });
});

describe('An audit without a session', () => {
  const found = (text: string) => codes(auditConfig(readDomainXml(text), {}));

  it('says nothing of whose policy it is, but what it gives away', () => {
    expect(found(domain)).toEqual(['CONFIG_CLEAN']);
    expect(found(edit(domain, '0x1100000f', '0x1'))).toEqual(['CONFIG_POLICY_KEY_SHARING']);
    expect(found(edit(domain, '0x1100000f', '0x0'))).toEqual(['CONFIG_POLICY_DEBUG', 'CONFIG_POLICY_KEY_SHARING']);
  });

  it('says what cannot be a session at all', () => {
    expect(found(edit(domain, /<dhCert>.*<\/dhCert>/, '<dhCert>auto</dhCert>'))).toEqual(['CONFIG_GODH_OTHER']);
    expect(found(edit(domain, /<session>.*<\/session>/, '<session>auto</session>'))).toEqual(['CONFIG_SESSION_OTHER']);
  });
});

describe('A guest that is not launched under SEV', () => {
  const sentence = (findings: readonly Finding[]) => findings.find(({ code }) => code === 'CONFIG_NOT_SEV')?.sentence;

  it('is told by what it is launched under, and by nothing that is only true of SEV', () => {
    const of = (type: string) =>
      auditDomainXml(edit(domain, "type='sev' kernelHashes='yes'", `type='${type}'`), context);
    expect(sentence(of('sev-snp'))).toContain('under SEV-SNP, not under SEV');
    expect(sentence(of('tdx'))).toContain('under Intel TDX');
    expect(sentence(of('s390-pv'))).toContain('something other than SEV');
    expect(codes(of('sev-snp'))).toEqual(['CONFIG_NOT_SEV']);
    const snp = words.map((word) => word.replace('sev-guest,', 'sev-snp-guest,'));
    expect(sentence(auditQemuArguments(snp, context))).toContain('under SEV-SNP');
    const none = auditDomainXml(edit(domain, /<launchSecurity[^]*launchSecurity>/, ''));
    expect(sentence(none)).toBe('The guest is not launched under SEV: nothing of it is encrypted or measured.');
  });

  it('because machine and object do not name each other, is told so', () => {
    for (const other of ['', ',confidential-guest-support=sev1']) {
      const unlinked = words.map((word) => word.replace(',confidential-guest-support=sev0', other));
      expect(sentence(auditQemuArguments(unlinked, context))).toContain('do not name each other');
    }
  });
});

describe('Without any firmware', () => {
  const told = (findings: readonly Finding[]) =>
    findings.filter(({ code }) => /^CONFIG_(?:FIRMWARE|LOADER)/.test(code)).map(({ sentence }) => sentence);

  it("the host's BIOS is named, which does not run under SEV", () => {
    const bios = [expect.stringContaining('SeaBIOS')];
    expect(told(auditDomainXml(edit(domain, /<loader.*loader>/, '')))).toEqual(bios);
    expect(
      told(auditQemuArguments(words.filter((word) => !word.startsWith('if=pflash') && word !== '-drive'))),
    ).toEqual(bios);
  });

  it('libvirt may choose one where it is asked to', () => {
    const auto = edit(edit(domain, '<os>', "<os firmware='efi'>"), /<loader.*loader>/, "<loader stateless='yes'/>");
    expect(told(auditDomainXml(auto))).toEqual(['No firmware is named, so the host chooses one.']);
    expect(told(auditDomainXml(edit(auto, "<loader stateless='yes'/>", '')))).toHaveLength(2);
  });
});

it('What was read only in part is said', () => {
  expect(codes(auditQemuArguments(`${qemuCommand(config, files)} -name $NAME`, context))).toEqual(['CONFIG_VARIABLES']);
  const twice = `${qemuCommand(config, files)}\n${qemuCommand(config, files)}`;
  expect(codes(auditQemuArguments(twice, context))).toEqual(['CONFIG_SEVERAL']);
});

it("What libvirt keeps of a running guest is read as the guest's domain", () => {
  expect(codes(auditDomainXml(`<domstatus state='running'><monitor/>${domain}</domstatus>`, context))).toEqual([
    'CONFIG_CLEAN',
  ]);
});
