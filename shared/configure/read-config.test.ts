// The forms in which people have a configuration: what each is, what is found in it, and what nobody claims of it.
import { describe, expect, it } from 'vitest';
import { toBase64 } from '../bytes/text.ts';
import { SevError } from '../errors.ts';
import { type AuditContext, auditText } from './audit.ts';
import { configForm, type ConfigForm } from './form-words.ts';
import { readConfig } from './read-config.ts';

const lines = (...all: readonly string[]) => all.join('\n');
const codes = (text: string, context: AuditContext = {}) =>
  auditText(text, context)
    .filter(({ severity }) => severity !== 'note')
    .map(({ code }) => code);
const refusal = (text: string): string => {
  try {
    return `read: ${codes(text).join()}`;
  } catch (error) {
    if (error instanceof SevError && error.code === 'BYTES_VALUE') return error.sentence;
    throw error;
  }
};

const OBJECT = 'sev-guest,id=sev0,cbitpos=51,reduced-phys-bits=1,policy=0x3,dh-cert-file=g.b64,session-file=s.b64';
const NO_SESSION = 'sev-guest,id=sev0,cbitpos=51,reduced-phys-bits=1,policy=0x5';
const MACHINE = 'q35,confidential-guest-support=sev0';
const FLASH = 'if=pflash,format=raw,unit=0,file=/fw/OVMF.amdsev.fd,readonly=on';
const ARGS = ['-accel', 'kvm', '-S', '-machine', MACHINE, '-object', OBJECT, '-drive', FLASH];
const COMMAND = ['qemu-system-x86_64', ...ARGS].join(' ');
const GODH = toBase64(new Uint8Array(2084).fill(1));
const SESSION = toBase64(new Uint8Array(128).fill(2));
const SECURITY = `<launchSecurity type='sev'><cbitpos>51</cbitpos><reducedPhysBits>1</reducedPhysBits><policy>0x3</policy><dhCert>${GODH}</dhCert><session>${SESSION}</session></launchSecurity>`;
const OS = `<os><type arch='x86_64' machine='pc-q35-9.1'>hvm</type><loader readonly='yes' type='pflash' stateless='yes'>/fw/OVMF.amdsev.fd</loader></os>`;
const DOMAIN = lines(
  `<domain type='kvm'>`,
  `  <name>web</name><memory unit='GiB'>4</memory><vcpu>2</vcpu><memoryBacking><locked/></memoryBacking>`,
  `  ${OS}`,
  `  ${SECURITY}`,
  '</domain>',
);
const NOTHING = ['CONFIG_CLEAN'];

describe('The whole configuration is read', () => {
  it.each<[string, string]>([
    ['as one command', COMMAND],
    ['as a domain', DOMAIN],
    [
      'as a domain behind the prompt that asked for it',
      lines('root@host:~# virsh dumpxml web', DOMAIN, 'root@host:~#'),
    ],
    ['as a domain in a mail that quotes it', DOMAIN.replaceAll(/^/gm, '> ')],
    [
      "as a domain with a web page's signs",
      DOMAIN.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll("'", '&#39;'),
    ],
    ['as a domain with colors of a terminal', DOMAIN.replaceAll('<name>', '\u001b[1;34m<name>\u001b[0m')],
    ['as a domain within JSON', JSON.stringify({ xml: DOMAIN.replaceAll("'", '"') })],
    ['as a domain with the ends of lines of Windows', DOMAIN.replaceAll('\n', '\r\n')],
    ['as what libvirt keeps of a snapshot', `<domainsnapshot><name>a</name>${DOMAIN}</domainsnapshot>`],
    ['as a list of JSON', JSON.stringify(['/usr/bin/qemu-system-x86_64', ...ARGS])],
    ['as what docker says of a container', JSON.stringify([{ Config: { Cmd: ['qemu-system-x86_64', ...ARGS] } }])],
    ['as a list of Python', `subprocess.run(['qemu-system-x86_64', ${ARGS.map((arg) => `'${arg}'`).join(',\n  ')}])`],
    ['as a list of Rust', `Command::new(&["qemu-system-x86_64", ${ARGS.map((arg) => `"${arg}".into()`).join(', ')}])`],
    [
      'as a list of YAML',
      lines(
        'command:',
        '  - qemu-system-x86_64',
        'args:',
        ...['qemu-system-x86_64', ...ARGS].map((arg) => `  - "${arg}"`),
      ),
    ],
    ['as a command given to a container', `docker run --rm --device=/dev/sev image ${COMMAND}`],
    ['in a fence of Markdown', lines('I start it so:', '```sh', COMMAND, '```', "and it doesn't work")],
    [
      'in a mail that quotes it in part',
      lines(
        'You wrote:',
        ...COMMAND.split(' -object').map((part, i) => (i ? `>   -object${part}` : `> ${part} \\`)),
        "That's it, add -no-reboot",
      ),
    ],
    [
      "with a web page's signs",
      COMMAND.replace(
        OBJECT,
        '{&quot;qom-type&quot;:&quot;sev-guest&quot;,&quot;id&quot;:&quot;sev0&quot;,&quot;cbitpos&quot;:51,&quot;reduced-phys-bits&quot;:1,&quot;policy&quot;:3,&quot;dh-cert-file&quot;:&quot;g&quot;,&quot;session-file&quot;:&quot;s&quot;}',
      ),
    ],
    ['under a path of Windows', `"C:\\Program Files\\qemu\\${COMMAND.replace('x86_64', 'x86_64.exe"')}`],
    [
      'from what systemd shows of a unit',
      lines('● web.service', '   CGroup: /x', `           └─811 /usr/bin/${COMMAND}`),
    ],
    ['beneath other programs', `sudo numactl -N 0 -m 0 taskset -c 1-3 gdb --args /opt/${COMMAND} &`],
    [
      'as libvirt converts a domain',
      `LC_ALL=C HOME=/x /usr/bin/${COMMAND.replace(OBJECT, '\'{"qom-type":"sev-guest","id":"sev0","cbitpos":51,"reduced-phys-bits":1,"policy":3,"dh-cert-file":"g","session-file":"s"}\'')}`,
    ],
    ['in a line of Markdown', `Started with \`${COMMAND}\`, it doesn't work`],
    ["after root's prompt", `# ${COMMAND}`],
    ["continued in Windows' way", COMMAND.replaceAll(' -', ' ^\r\n  -').replace('x86_64', 'x86_64.exe')],
    ["continued in PowerShell's way", COMMAND.replaceAll(' -', ' `\n  -')],
    [
      'with variables that the script sets',
      lines(
        'Q=/usr/bin/qemu-system-x86_64',
        `FW="${FLASH}"`,
        'POLICY=0x3',
        `$Q ${ARGS.slice(0, -1).join(' ').replace('0x3', '"$POLICY"')} "\${FW}"`,
      ),
    ],
    [
      'in lists that the script joins',
      lines(
        'declare -a A=(qemu-system-x86_64 -accel kvm',
        '  -S',
        ')',
        `A+=( -machine "${MACHINE}" -object "${OBJECT}" )`,
        `A+=("-drive" '${FLASH}')`,
        'exec sudo "${A[@]}"',
      ),
    ],
    [
      'in a function of a script',
      lines('main() {', `  local fw="${FLASH}"`, `  ${COMMAND.replace(FLASH, '"$fw"')}`, '}', 'main "$@"'),
    ],
    [
      'in a unit of systemd with a variable of its own',
      lines('[Service]', `Environment=FW=${FLASH}`, `ExecStart=/usr/bin/${COMMAND.replace(FLASH, '${FW}')}`),
    ],
  ])('%s', (_, text) => {
    expect(codes(text)).toEqual(NOTHING);
  });

  it("as /proc/PID/cmdline, also among other processes'", () => {
    const of = (...words: readonly string[]) => `${words.join('\0')}\0`;
    expect(codes(of('/usr/bin/qemu-system-x86_64', ...ARGS))).toEqual(NOTHING);
    expect(codes(lines(of('/usr/libexec/virtiofsd', '-o', 'x'), of('/usr/bin/kvm', ...ARGS)))).toEqual(NOTHING);
  });

  it("in Kata's log, with what it lacks", () => {
    const args = `-name sandbox -machine ${MACHINE} -object ${NO_SESSION},kernel-hashes=on -kernel /k -append console=hvc0 panic=1 -drive ${FLASH} -smp 1`;
    const found = ['CONFIG_NO_SESSION', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_NOT_PAUSED', 'CONFIG_NO_KVM'];
    const plain = `level=info msg="launching /opt/kata/bin/qemu-system-x86_64 with: [${args}]" name=containerd-shim-v2`;
    const journal = JSON.stringify({ MESSAGE: plain });
    expect(codes(plain)).toEqual(found);
    expect(codes(journal)).toEqual(found);
    expect(readConfig(plain)).toMatchObject({ cmdline: 'console=hvc0 panic=1', kernelHashes: true });
  });
});

describe('A part is read for what it shows, and nothing is said of the rest', () => {
  const CONF = lines(
    '# Machine',
    '[machine]',
    'type = "pc-q35-8.2"',
    'accel = "kvm"',
    'confidential-guest-support = "sev0"',
    '[drive]',
    'file = "/opt/incus/share/OVMF,1.fd"',
    'if = "pflash"',
    'unit = "0"',
    'readonly = "on"',
    '[object "sev0"]',
    'qom-type = "sev-guest"',
    'cbitpos = "51"',
    'reduced-phys-bits = "1"',
    'policy = "0x1"',
  );
  const VMI = lines(
    'apiVersion: kubevirt.io/v1',
    'kind: VirtualMachineInstance',
    'spec:',
    '  startStrategy: Paused',
    '  domain:',
    '    cpu: {cores: 4, model: host-passthrough}',
    '    machine:',
    '      type: pc-q35-rhel9.4.0',
    '    launchSecurity:',
    '      sev:',
    '        policy:',
    '          encryptedState: true',
  );
  it.each<[string, string, readonly string[]]>([
    [
      'some lines that grep left',
      lines(
        '$ virsh dumpxml web | grep -A3 launchSecurity',
        "  <launchSecurity type='sev' kernelHashes='yes'>",
        '    <cbitpos>51</cbitpos>',
        '    <policy>0x3</policy>',
        '  </launchSecurity>',
      ),
      ['CONFIG_NO_SESSION', 'CONFIG_PART'],
    ],
    [
      'with their numbers',
      lines("12:  <launchSecurity type='sev'>", '13-    <policy>0x0</policy>', '14-  </launchSecurity>'),
      ['CONFIG_NO_SESSION', 'CONFIG_POLICY_DEBUG', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_PART'],
    ],
    ['one line of it', "    <launchSecurity type='sev'>", ['CONFIG_PART']],
    ['a launch security alone', SECURITY, ['CONFIG_PART']],
    ['the end cut off', DOMAIN.slice(0, DOMAIN.indexOf('<dhCert>') + 40), ['CONFIG_PART']],
    ['a loader alone', "<loader type='pflash'>/fw/OVMF.fd</loader>", ['CONFIG_FIRMWARE_WRITABLE', 'CONFIG_PART']],
    [
      'an <os> with a variable store',
      OS.replace('</os>', '<nvram>/v.fd</nvram></os>'),
      ['CONFIG_NVRAM', 'CONFIG_PART'],
    ],
    [
      'arguments without a program',
      `-object ${NO_SESSION} -machine ${MACHINE}`,
      ['CONFIG_NO_SESSION', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_PART'],
    ],
    ['a file of -readconfig', CONF, ['CONFIG_NO_SESSION', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_PART']],
    [
      'the same with a variable store',
      `${CONF}\n[drive]\nfile = "/v"\nif = "pflash"\nunit = "1"`,
      ['CONFIG_NO_SESSION', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_NVRAM', 'CONFIG_PART'],
    ],
    ['a command with -readconfig', 'qemu-system-x86_64 -readconfig /run/a.conf -smp 300', ['CONFIG_PASSTHROUGH']],
    ['a command with -set', `qemu-system-x86_64 -S -set object.sev0.policy=3 -m 1G`, ['CONFIG_PASSTHROUGH']],
    ['variables from elsewhere', 'qemu-system-x86_64 $ARGS -m "$MEM"', ['CONFIG_VARIABLES']],
    ['a policy from elsewhere', COMMAND.replace('0x3', '${POLICY}'), ['CONFIG_VARIABLES']],
    [
      'a list that grows on a condition',
      lines(
        `A=(${ARGS.slice(0, 5).join(' ')})`,
        'if [ -n "$1" ]; then',
        `  A+=(-object ${OBJECT})`,
        'fi',
        'qemu-system-x86_64 "${A[@]}"',
      ),
      ['CONFIG_VARIABLES'],
    ],
    [
      'a variable that is set on a condition',
      lines('[ -e /x ] && FW=a.fd', `${COMMAND.replace('/fw/OVMF.amdsev.fd', '$FW')}`),
      ['CONFIG_VARIABLES'],
    ],
    [
      'a list of Python with calls in it',
      `run(["qemu-system-x86_64", "-S", "-m", str(mem), *more, "-object", f"sev-guest,id=a,policy={p}"])`,
      ['CONFIG_VARIABLES'],
    ],
    [
      "a unit with systemd's own marks",
      `ExecStart=/usr/bin/qemu-system-x86_64 -name %i -drive file=/vm/%i.img`,
      ['CONFIG_VARIABLES'],
    ],
    [
      "Proxmox's file with arguments of its own",
      lines(
        `args: -object ${NO_SESSION} -machine memory-encryption=sev0`,
        'bios: ovmf',
        'machine: q35',
        'efidisk0: local:1/a.raw',
      ),
      ['CONFIG_NO_SESSION', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_NVRAM', 'CONFIG_PART'],
    ],
    [
      "Proxmox's file with its own key",
      lines(
        'amd-sev: type=es,no-debug=1,no-key-sharing=1',
        'bios: ovmf',
        'machine: q35',
        '[snap1]',
        'amd-sev: type=snp',
      ),
      ['CONFIG_NO_SESSION', 'CONFIG_PART'],
    ],
    [
      "Proxmox's file with its oldest machine",
      lines('amd-sev: std', 'bios: ovmf', 'memory: 4096'),
      ['CONFIG_NO_SESSION', 'CONFIG_POLICY_DEBUG', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_MACHINE_LEGACY', 'CONFIG_PART'],
    ],
    ['a guest of KubeVirt', VMI, ['CONFIG_NO_SESSION', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_PART']],
    [
      'a guest of KubeVirt that waits',
      VMI.replace('policy:', 'attestation: {}\n        policy:'),
      ['CONFIG_POLICY_KEY_SHARING', 'CONFIG_PART'],
    ],
    [
      'a guest of KubeVirt in JSON',
      JSON.stringify(
        { apiVersion: 'kubevirt.io/v1', spec: { template: { spec: { domain: { launchSecurity: { sev: {} } } } } } },
        undefined,
        1,
      ),
      ['CONFIG_NO_SESSION', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_PART'],
    ],
  ])('%s', (_, text, expected) => {
    expect(codes(text)).toEqual(expected);
  });

  it('and never called clean', () => {
    expect(auditText(SECURITY).map(({ code }) => code)).not.toContain('CONFIG_CLEAN');
  });

  it('with the step that brings the whole', () => {
    const next = (text: string) => auditText(text).find(({ code }) => code === 'CONFIG_PART')?.next;
    expect(next('amd-sev: type=es\nbios: ovmf')).toContain('qm showcmd VMID --pretty');
    expect(next(SECURITY)).toContain('virsh dumpxml');
    expect(next(VMI)).toContain('virsh dumpxml');
    expect(next(CONF)).toContain('/proc/PID/cmdline');
  });

  it('as facts', () => {
    expect(readConfig(CONF)).toMatchObject({
      firmware: '/opt/incus/share/OVMF,1.fd',
      machine: { version: { major: 8, minor: 2 } },
    });
    expect(readConfig(VMI)).toMatchObject({
      policy: 5,
      vcpus: 4,
      paused: true,
      cpu: { kind: 'host' },
      machine: { vendor: 'Red Hat' },
    });
    expect(readConfig('<vcpu>3</vcpu>\n<on_reboot>restart</on_reboot>')).toMatchObject({ vcpus: 3, restarts: true });
  });
});

describe('What is no configuration of QEMU or libvirt is called what it is', () => {
  it.each<[ConfigForm, string, string?]>([
    ['diff', lines('@@ -1,3 +1,3 @@', ' <os>', "-<type machine='pc'>hvm</type>", "+<type machine='q35'>hvm</type>")],
    ['diff', lines('-    <policy>0x1</policy>', '+    <policy>0x3</policy>')],
    ['diff', lines('--- a/run.sh', '+++ b/run.sh', ' qemu-system-x86_64 \\', '-  -M pc', '+  -M q35')],
    ['typographic-xml', DOMAIN.replaceAll("'", '\u2019')],
    ['typographic-xml', DOMAIN.replaceAll("'", '\u201d')],
    ['typographic-command', COMMAND.replaceAll(' -', ' \u2013')],
    ['domain-maker', 'virt-install --name a --memory 4096 --launchSecurity sev,policy=0x7 --import', 'virt-install'],
    [
      'domain-maker',
      lines('$ sudo virt-install --name a \\', '  --emulator /usr/bin/qemu-system-x86_64 --import'),
      'virt-install',
    ],
    ['domain-maker', 'virt-xml web --edit --launchSecurity sev,policy=7', 'virt-xml'],
    ['virsh', 'virsh start --paused web'],
    ['proxmox-command', "qm set 100 --args '-object sev-guest,id=sev0 -machine memory-encryption=sev0'"],
    ['incus-config', 'incus launch images:debian/12 web --vm -c security.sev=true -c security.sev.policy.es=true'],
    ['incus-config', lines('config:', '  security.sev: "true"', '  limits.cpu: "2"')],
    ['container', 'podman run -d --device /dev/sev registry.example/guest:1 --policy 3', 'podman'],
    ['vmm', '/usr/bin/cloud-hypervisor --kernel ./vmlinux --cpus boot=4 --memory size=1024M', 'Cloud Hypervisor'],
    [
      'vmm',
      JSON.stringify({ 'boot-source': { kernel_image_path: 'k' }, 'machine-config': { vcpu_count: 2 } }, undefined, 1),
      'Firecracker',
    ],
    ['tool', 'qemu-img create -f qcow2 disk.qcow2 20G', 'qemu-img'],
    ['tool', 'sevctl session --name a host.chain 3', 'sevctl'],
    ['provision', lines('resource "libvirt_domain" "web" {', '  memory = 4096', '}'), 'Terraform'],
    ['provision', 'openstack flavor set f --property hw:mem_encryption=True', 'OpenStack'],
    ['qemu-help', 'qemu-system-x86_64 -machine help'],
    ['qemu-help', 'qemu-system-x86_64 --version'],
    ['qmp', '{"return": {"enabled": true, "policy": 3}}'],
    ['json', '{"a": [1, 2]}'],
    ['cut-option', '-name web --launchSecurity sev -S'],
    ['no-options', "I tried it with -S, and it doesn't start"],
    ['no-options', 'apt install qemu-kvm -y'],
    ['no-options', 'nothing at all'],
    ['open-quote', `qemu-system-x86_64 -S -append "console=ttyS0`],
    ['option-without-value', 'qemu-system-x86_64 -S -machine', '-machine'],
    ['other-xml', '<domainCapabilities><path/></domainCapabilities>', 'domainCapabilities'],
    ['kubevirt-none', lines('apiVersion: kubevirt.io/v1', 'kind: KubeVirt', 'spec: {}')],
  ])('%s: %s', (form, text, fact) => {
    // `openstack flavor set …` is a command and its property at once.
    const expected = [form, ...(form === 'provision' ? (['domain-maker'] as const) : [])];
    const said = expected.flatMap((one) => [configForm(one, fact).sentence, configForm(one, 'openstack').sentence]);
    expect(said).toContain(refusal(text));
  });
});

describe('Any text is read in a time that grows with its length', () => {
  const unit = [
    'qemu-kvm -name x$( ${A `',
    '<os><!-- &lt;',
    '["a", ("-S", {"',
    'A+=("$A$A") && if ',
    '$(',
    'args: -S\n[drive]\nx = "\n',
    'a: {b: {c: \n  - -machine\n',
    '> - ^ \\\n"',
  ];
  it.each(unit)('%j', (part) => {
    const time = (length: number): number => {
      const text = part.repeat(Math.ceil(length / part.length)).slice(0, length);
      const start = performance.now();
      try {
        auditText(text);
      } catch (error) {
        if (!(error instanceof SevError)) throw error;
      }
      return performance.now() - start;
    };
    const [small, large] = [time(20_000), time(160_000)];
    // Eight times as long; a quadratic reader takes sixty-four times as long.
    expect(large).toBeLessThan(Math.max(small * 24, 1500));
  });

  it('and too much of it is not read', () => {
    expect(() => readConfig('x '.repeat(300_000))).toThrow('BYTES_TOO_LARGE');
    const doubling = lines('A=x', ...Array.from({ length: 60 }, () => 'A="$A$A"'), 'qemu-system-x86_64 -name $A');
    expect(codes(doubling)).toEqual(['CONFIG_VARIABLES']);
  });
});

describe('What decides the launch is looked at', () => {
  const es = COMMAND.replace('0x3', '0x7');
  const esDomain = DOMAIN.replace('<policy>0x3', '<policy>0x7');
  const all = (text: string, context: AuditContext = {}) => auditText(text, context).map(({ code }) => code);
  const plan: AuditContext = { expected: { cpuModel: 'EPYC-Milan' }, generation: 'milan' };

  it.each<[string, string, readonly string[]]>([
    ['a reserved bit', COMMAND.replace('0x3', '0x43'), ['CONFIG_POLICY_RESERVED']],
    ['a reserved bit in a domain', DOMAIN.replace('<policy>0x3', '<policy>8003'), ['CONFIG_POLICY_RESERVED']],
    ['the numbers of the API exchanged', COMMAND.replace('0x3', '0x01370003'), ['CONFIG_POLICY_API']],
    ['an API of the far future', COMMAND.replace('0x3', '0x22020003'), ['CONFIG_POLICY_API']],
    ['no processor with that C-bit', COMMAND.replace('cbitpos=51', 'cbitpos=48'), ['CONFIG_CBIT']],
    ['no C-bit', COMMAND.replace('cbitpos=51,', ''), ['CONFIG_CBIT']],
    ['no reduced bits', COMMAND.replace('reduced-phys-bits=1,', ''), ['CONFIG_REDUCED_BITS']],
    ['reduced bits of 0', COMMAND.replace('reduced-phys-bits=1', 'reduced-phys-bits=0'), ['CONFIG_REDUCED_BITS']],
    ['no KVM', COMMAND.replace('-accel kvm ', ''), ['CONFIG_NO_KVM']],
    ['another accelerator', COMMAND.replace('-accel kvm', '-accel tcg'), ['CONFIG_NO_KVM']],
    ['no KVM in a domain', DOMAIN.replace("type='kvm'", "type='qemu'"), ['CONFIG_NO_KVM']],
    [
      'KVM by the name of the program',
      COMMAND.replace('qemu-system-x86_64 -accel kvm', '/usr/libexec/qemu-kvm'),
      NOTHING,
    ],
    [
      'SEV-ES with the interrupt controllers in QEMU',
      es.replace('q35,', 'q35,kernel-irqchip=off,'),
      ['CONFIG_ES_IRQCHIP'],
    ],
    ['SEV-ES with them split', es.replace('q35,', 'q35,kernel-irqchip=split,'), NOTHING],
    [
      'SEV-ES with a loader that needs SMM',
      esDomain.replace("stateless='yes'", "stateless='yes' secure='yes'"),
      ['CONFIG_SMM'],
    ],
    [
      "Proxmox's suffix and QEMU 7.2's seed",
      `${COMMAND.replace('q35,', 'pc-q35-7.2+pve0,').replace('policy', 'kernel-hashes=on,policy')} -kernel /k`,
      ['CONFIG_KERNEL_SEED'],
    ],
    [
      "Ubuntu's 23.04 and QEMU 7.2's seed",
      `${COMMAND.replace('q35,', 'pc-q35-lunar,').replace('policy', 'kernel-hashes=on,policy')} -kernel /k`,
      ['CONFIG_KERNEL_SEED'],
    ],
    ['a machine that is no PC', COMMAND.replace('q35,', 'microvm,'), ['CONFIG_MACHINE_UNKNOWN']],
  ])('%s', (_, text, expected) => {
    expect(codes(text)).toEqual(expected);
  });

  it("the C-bit, against the platform's generation", () => {
    const old = DOMAIN.replace('<cbitpos>51', '<cbitpos>47');
    expect(codes(old)).toEqual(NOTHING);
    expect(codes(old, { generation: 'rome' })).toEqual(NOTHING);
    for (const generation of ['milan', 'genoa', 'turin'] as const)
      expect(codes(old, { generation })).toEqual(['CONFIG_CBIT']);
    expect(codes(DOMAIN, { generation: 'naples' })).toEqual(['CONFIG_CBIT']);
    expect(codes(old.replace('47', '0'), { generation: 'simulated' })).toEqual(NOTHING);
  });

  it("the API, against the platform's", () => {
    const text = COMMAND.replace('0x3', '0x37010003');
    expect(codes(text)).toEqual(NOTHING);
    expect(codes(text, { api: { major: 1, minor: 55 } })).toEqual(NOTHING);
    expect(codes(text, { api: { major: 1, minor: 51 } })).toEqual(['CONFIG_POLICY_API_NEWER']);
  });

  it.each([
    ['host-passthrough', "<cpu mode='host-passthrough'/>"],
    ['host-model', "<cpu mode='host-model'/>"],
    ['maximum', "<cpu mode='maximum'/>"],
  ])("the host's CPU under SEV-ES: %s", (_, cpu) => {
    const text = esDomain.replace('</os>', `</os>${cpu}`);
    expect(all(text)).toContain('CONFIG_CPU_HOST');
    expect(codes(text)).toEqual(NOTHING);
    expect(codes(text, plan)).toEqual(['CONFIG_CPU_HOST']);
    expect(codes(text, { expected: { cpuModel: '0xa10f11' } })).toEqual(NOTHING);
    expect(all(text.replace('0x7', '0x3'), plan)).not.toContain('CONFIG_CPU_HOST');
  });

  it('the CPU under SEV-ES, against the one that is expected', () => {
    expect(codes(`${es} -cpu EPYC-Milan-v2`, plan)).toEqual(NOTHING);
    expect(codes(`${es} -cpu EPYC-Rome,+x2apic`, plan)).toEqual(['CONFIG_CPU_OTHER']);
    expect(codes(es, plan)).toEqual(['CONFIG_CPU_OTHER']);
    expect(codes(`${es} -cpu max`, plan)).toEqual(['CONFIG_CPU_HOST']);
    expect(codes(`${COMMAND} -cpu EPYC-Rome`, plan)).toEqual(NOTHING);
  });

  it('what becomes of a guest under SEV-ES that restarts', () => {
    expect(all(es)).toContain('CONFIG_ES_REBOOT');
    expect(all(`${es} -no-reboot`)).not.toContain('CONFIG_ES_REBOOT');
    expect(all(`${es} -action reboot=shutdown`)).not.toContain('CONFIG_ES_REBOOT');
    expect(all(esDomain)).toContain('CONFIG_ES_REBOOT');
    expect(all(esDomain.replace('</os>', '</os><on_reboot>restart</on_reboot>'))).toContain('CONFIG_ES_REBOOT');
    expect(all(esDomain.replace('</os>', '</os><on_reboot>destroy</on_reboot>'))).not.toContain('CONFIG_ES_REBOOT');
    expect(all(COMMAND)).not.toContain('CONFIG_ES_REBOOT');
  });

  it('what cannot be known of a kernel without the version of QEMU', () => {
    const text = `${COMMAND.replace('q35,', 'pc-q35-rhel9.4.0,').replace('policy', 'kernel-hashes=on,policy')} -kernel /k`;
    expect(all(text)).toEqual(['CONFIG_CLEAN', 'CONFIG_UNCHECKED']);
  });

  it('a text of a file where its name belongs, also out of a variable of the script', () => {
    const script = (how: string) =>
      lines(`godh=${how}`, 'policy=0', COMMAND.replace('g.b64', '"$godh"').replace('policy=0x3', 'policy="$policy"'));
    const found = ['CONFIG_POLICY_DEBUG', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_BLOB_INLINE', 'CONFIG_VARIABLES'];
    expect(codes(script('$(base64 -w 0 "$godh_file")'))).toEqual(found);
    expect(codes(script('`cat godh.b64`'))).toEqual(found);
    expect(codes(script('$(mktemp)'))).toEqual(found.filter((code) => code !== 'CONFIG_BLOB_INLINE'));
    expect(codes(script('godh.b64'))).toEqual(found.slice(0, 2));
  });

  it("SEV's object among arguments that libvirt hands on", () => {
    const args = ['-object', OBJECT.replace('0x3', '0x0'), '-machine', 'memory-encryption=sev0'];
    const handed = `<qemu:commandline>${args.map((value) => `<qemu:arg value='${value}'/>`).join('')}</qemu:commandline>`;
    const text = DOMAIN.replace(SECURITY, handed);
    expect(codes(text)).toEqual(['CONFIG_POLICY_DEBUG', 'CONFIG_POLICY_KEY_SHARING', 'CONFIG_PASSTHROUGH']);
    expect(codes(text.replace(/<qemu:arg.*\/>/, "<qemu:arg value='-snapshot'/>"))).toEqual(['CONFIG_PASSTHROUGH']);
  });

  it('a virtio video, which has no newer model', () => {
    const old = DOMAIN.replace('pc-q35-9.1', 'pc').replace(
      '</domain>',
      "<devices><video><model type='virtio'/></video></devices></domain>",
    );
    const found = auditText(old).find(({ code }) => code === 'CONFIG_VIRTIO_LEGACY');
    expect(found?.next).not.toContain('non-transitional');
  });
});
