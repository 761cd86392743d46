// A configuration is handed out as the audit reads it, and nothing more: secrets in whatever form stay on the host.
import { describe, expect, it } from 'vitest';
import { auditQemuArguments } from '../../../shared/configure/audit.ts';
import { readDomainXml } from '../../../shared/configure/read-domain.ts';
import { readQemuArguments } from '../../../shared/configure/read-qemu.ts';
import { cmdlineForAudit } from './cmdline.ts';
import { domainForAudit } from './domain-xml.ts';
import { qemuArgumentsForAudit } from './qemu-arguments.ts';

const SECRET = 'HUNTER2';

/** Forms in which QEMU takes a key or a password. */
const LEAKS: Readonly<Record<string, readonly string[]>> = {
  'object secret': ['-object', `secret,id=s0,data=${SECRET}`],
  'object secret in JSON': ['-object', `{"qom-type":"secret","id":"s0","data":"${SECRET}"}`],
  'object secret with its id first': ['-object', `id=s0,qom-type=secret,data=${SECRET}`],
  'object tls-creds': ['-object', `tls-creds-x509,id=t,dir=/x,passwordid=${SECRET}`],
  'a stray property of the guest object': ['-object', `sev-guest,id=lsec0,host-data=${SECRET}`],
  'blockdev password in JSON': ['-blockdev', `{"driver":"curl","url":"x","password":"${SECRET}"}`],
  'blockdev as the firmware': [
    ...['-machine', 'q35,pflash0=f', '-blockdev'],
    `{"driver":"https","node-name":"f","url":"https://u:${SECRET}@h/f.fd","password":"${SECRET}"}`,
  ],
  'nested blockdev': ['-blockdev', `{"driver":"raw","file":{"driver":"ssh","password":"${SECRET}"}}`],
  'firmware by URL': ['-drive', `if=pflash,file=https://user:${SECRET}@host/ovmf.fd`],
  'iSCSI URL': ['-drive', `file=iscsi://user%${SECRET}@10.0.0.1/iqn/0`],
  'iSCSI options': ['-iscsi', `user=u,password=${SECRET}`],
  'CD by URL': ['-cdrom', `http://user:${SECRET}@10.0.0.1/x.iso`],
  'kernel by URL': ['-kernel', `http://user:${SECRET}@10.0.0.1/vmlinuz`],
  'kernel command line': ['-append', `root=/dev/vda rd.luks.key=${SECRET} token=${SECRET} ${SECRET}@x`],
  'kernel command line, root over the network': ['-append', `root=iscsi:user:${SECRET}@10.0.0.1::::iqn`],
  'kernel command line of the machine': ['-machine', `q35,append=key=${SECRET}`],
  'credential by SMBIOS': ['-smbios', `type=11,value=io.systemd.credential:key=${SECRET}`],
  'fw_cfg string': ['-fw_cfg', `name=opt/io.systemd.credentials/key,string=${SECRET}`],
  'spice password': ['-spice', `port=1,password=${SECRET}`],
  'VNC password': ['-vnc', `:0,password-secret=${SECRET}`],
  'chardev, netdev, monitor': ['-chardev', `socket,id=c,host=${SECRET}`, '-netdev', `user,id=n,smb=${SECRET}`],
  'device with an inquiry string': ['-device', `scsi-hd,serial=${SECRET},vendor=${SECRET}`],
  'environment of a name': ['-name', `guest=${SECRET}`],
  'option that nobody knows': ['-future', SECRET],
  'an attached value': [`-append=${SECRET}`, 'x'],
  'option file': ['-set', `device.x.password=${SECRET}`, '-readconfig', `/etc/${SECRET}`],
};

describe("QEMU's arguments", () => {
  it.each(Object.entries(LEAKS))('hold no %s', (_, args) => {
    for (const all of [args, ['/usr/bin/qemu-system-x86_64', ...args, '-S'], [...args, '-x']])
      expect(qemuArgumentsForAudit(all)).not.toContain(SECRET);
  });

  const launch = [
    ...['/usr/bin/qemu-system-x86_64', '-S', '-machine', 'q35,confidential-guest-support=lsec0,smm=off,pflash0=fmt'],
    ...['-blockdev', '{"driver":"file","filename":"/fw/OVMF.fd","node-name":"store","read-only":true}'],
    ...['-blockdev', '{"driver":"raw","file":"store","node-name":"fmt","read-only":true}'],
    ...['-object', 'sev-guest,id=lsec0,policy=0x3,cbitpos=47,reduced-phys-bits=1,dh-cert-file=/g,session-file=/s'],
    ...['-kernel', '/boot/vmlinuz', '-initrd', '/boot/initrd', '-append', 'root=/dev/vda  console=ttyS0 quiet'],
    ...['-smp', '4,sockets=2,cores=2', '-accel', 'kvm,kernel-irqchip=split', '-m', '4096', '-cpu', 'EPYC-v4'],
    ...['-device', 'intel-iommu,intremap=on,eim=on', '-device', 'virtio-net-pci,id=n0,iommu_platform=on,romfile='],
    ...['-device', '{"driver":"virtio-blk-pci","id":"d0","iommu_platform":true,"disable-legacy":"on"}'],
    ...[
      '-drive',
      'if=virtio,file=/disks/secret-name.raw',
      '-nic',
      'user,model=virtio-net-pci',
      '-net',
      'nic,model=virtio',
    ],
  ];
  it.each([
    ['a whole launch', launch],
    [
      'flash by drives',
      ['-machine', 'pc', '-drive', 'if=pflash,file=/a,,b.fd,readonly=on', '-drive', 'if=pflash,unit=1,file=/v'],
    ],
    ['a flash file', ['-pflash', '/v.fd', '-bios', '/b.fd', '-device', 'uefi-vars-x64,jsonfile=/v.json']],
    ['options that are passed through', ['-M', 'q35', '-set', 'a.b.c=d', '-readconfig', '/x']],
    ['a kernel of the machine', ['-machine', 'q35,kernel=/k,initrd=/i,append=quiet,firmware=/fw']],
  ])('tell the audit the same as before: %s', (_, args) => {
    const handedOut = qemuArgumentsForAudit(args).split('\n');
    const facts = (words: readonly string[]) => ({ ...readQemuArguments(words), commands: 0 });
    const expected = facts(args);
    // A path with a comma in it is nothing that is handed out.
    const told = facts(handedOut);
    expect({ ...told, firmware: told.firmware && 'a file' }).toEqual({
      ...expected,
      firmware: expected.firmware && 'a file',
    });
  });

  it('let the audit compare a command line without the values that are left out', () => {
    const cmdline = 'root=/dev/vda token=abc quiet';
    const of = (given: string) =>
      auditQemuArguments(qemuArgumentsForAudit([...launch.slice(0, -14), '-append', given]).split('\n'), {
        expected: { cmdline, kernel: true },
      }).map(({ code }) => code);
    expect(of(cmdline)).toContain('CONFIG_CMDLINE_HIDDEN');
    expect(of(cmdline)).not.toContain('CONFIG_CMDLINE_OTHER');
    expect(of(`${cmdline} init=/bin/sh`)).toContain('CONFIG_CMDLINE_OTHER');
    expect(of('root=/dev/vdb token=abc quiet')).toContain('CONFIG_CMDLINE_OTHER');
  });
});

describe('a kernel command line', () => {
  it('keeps its blanks and what tells how the guest boots', () => {
    const line = '  root=UUID=1-2  ro quiet init=/bin/sh\tconsole=ttyS0,115200 single ';
    expect(cmdlineForAudit(line)).toBe(line);
    expect(cmdlineForAudit('a=1 b')).toBe('a=(hidden) b');
  });
});

const DOMAIN = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <metadata><token>${SECRET}</token></metadata><title>${SECRET}</title><description>${SECRET}</description>
  <memory unit='KiB'>4194304</memory><vcpu current='2' placement='static'>4</vcpu>
  <memtune><hard_limit unit='KiB'>5000000</hard_limit></memtune><memoryBacking><locked/></memoryBacking>
  <os firmware='efi'><type arch='x86_64' machine='pc-q35-8.2'>hvm</type>
    <loader readonly='yes' type='pflash' stateless='yes'>/fw/OVMF.fd</loader><nvram template='/${SECRET}'>/${SECRET}</nvram>
    <kernel>/k</kernel><initrd>/i</initrd><cmdline>root=/dev/vda key=${SECRET}</cmdline></os>
  <sysinfo type='smbios'><oemStrings><entry>io.systemd.credential:k=${SECRET}</entry></oemStrings></sysinfo>
  <features><smm state='off'/><ioapic driver='qemu'/></features>
  <launchSecurity type='sev' kernelHashes='yes'><policy>0x3</policy><dhCert>AAAA</dhCert><session>BBBB</session></launchSecurity>
  <devices><iommu model='intel'><driver intremap='on' eim='on' iotlb='on'/></iommu>
    <disk type='network' device='disk'><auth username='${SECRET}'/><source protocol='iscsi' name='${SECRET}'/>
      <driver name='qemu' iommu='on'/><target dev='vda' bus='virtio'/></disk>
    <interface type='network'><mac address='52:54:00:00:00:01'/><model type='virtio'/><rom file='/${SECRET}'/>
      <target dev='vnet0'/></interface>
    <graphics type='vnc' passwd='${SECRET}'/><rng model='virtio'><backend model='egd'>${SECRET}</backend></rng></devices>
  <qemu:commandline><qemu:arg value='-fw_cfg'/><qemu:arg value='${SECRET}'/></qemu:commandline>
</domain>`;

describe("libvirt's XML", () => {
  it('holds nothing but what the audit reads, and tells it the same as before', () => {
    const handedOut = domainForAudit(DOMAIN);
    expect(handedOut).not.toContain(SECRET);
    const { cmdline, ...facts } = readDomainXml(handedOut);
    const { cmdline: before, ...expected } = readDomainXml(DOMAIN);
    expect(facts).toEqual(expected);
    expect([cmdline, before]).toEqual(['root=/dev/vda key=(hidden)', `root=/dev/vda key=${SECRET}`]);
    expect(facts.passthrough).toBe(true);
  });

  it('leaves out an attribute and a text that hold more than a word', () => {
    const odd = DOMAIN.replace("type='pflash'", `type='https://u:${SECRET}@h'`).replace(
      '/k<',
      `https://u:${SECRET}@h<`,
    );
    expect(domainForAudit(odd)).not.toContain(SECRET);
  });
});
