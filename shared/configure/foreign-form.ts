// Texts that are no configuration of QEMU's or libvirt's, told by what is surely theirs: other programs' commands and files.
import type { ConfigForm } from './form-words.ts';

type Named = readonly [form: ConfigForm, fact: string | undefined];

/**
 * What a text is that cannot be read here; undefined where nothing speaks against reading it.
 * @param hasXml whether elements of XML stand in it
 */
export function foreignForm(text: string, hasXml: boolean): Named | undefined {
  if (isDiff(text)) return ['diff', undefined];
  if (hasXml && /<[^<>]{0,200}=\s{0,9}[\u2018\u2019\u201c\u201d\u2032\u2033\u00b4]/.test(text))
    return ['typographic-xml', undefined];
  const command = hasXml ? undefined : commandOf(text);
  if (command) return command;
  if (hasXml) return undefined;
  const [, form, fact] = FILES.find(([pattern]) => pattern.test(text)) ?? [];
  if (form) return [form, fact];
  if (isTypographic(text)) return ['typographic-command', undefined];
  return undefined;
}

/** With the heads that tools write, or without: lines of XML or options that begin with “+” or “-” and a blank. */
const isDiff = (text: string): boolean =>
  /^(?:diff (?:--git|-[a-z])|@@ -\d|Index: )/m.test(text) ||
  (/^--- \S/m.test(text) && /^\+\+\+ \S/m.test(text)) ||
  /^[-+][ \t]{0,80}<\/?[a-zA-Z]/m.test(text) ||
  (/^-[ \t]{1,80}-[a-z]/m.test(text) && /^\+[ \t]{1,80}-[a-z]/m.test(text)) ||
  /^[<>] {1,80}<\/?[a-zA-Z]/m.test(text);

/** Quotes or dashes where a command has its own. Within a text in plain quotes they may be meant. */
const isTypographic = (text: string): boolean =>
  /(?:^|\s)[\u2013\u2014\u2212]{1,2}(?:machine|object|drive|m|smp|cpu|enable-kvm|bios|kernel|nographic|name|device|S)\b/.test(
    text,
  ) || /\s-{1,2}(?:machine|object|drive|append|M|device)\s+[\u2018\u2019\u201c\u201d]/.test(text);

/** Programs that start no QEMU of which the text would show the arguments; the first word of a command. */
const COMMANDS: readonly (readonly [RegExp, ConfigForm, string?])[] = [
  [/^(?:virt-install|virt-xml|virt-clone|virt-builder|virt-manager|virt-convert)$/, 'domain-maker'],
  [/^virsh$/, 'virsh'],
  [/^(?:qm|pvesh)$/, 'proxmox-command'],
  [/^(?:incus|lxc|lxd)$/, 'incus-config'],
  [/^(?:docker|podman|nerdctl|ctr|crictl|docker-compose)$/, 'container'],
  [/^(?:kubectl|virtctl|oc|helm|minikube)$/, 'tool'],
  [/^cloud-hypervisor(?:-static)?$/, 'vmm', 'Cloud Hypervisor'],
  [/^firecracker$/, 'vmm', 'Firecracker'],
  [/^(?:crosvm|bhyve|krunvm|dragonball|stratovirt|propolis-server|openvmm)$/, 'vmm'],
  [/^(?:lkvm|kvmtool|vm)$/, 'vmm', 'kvmtool'],
  [/^xl$/, 'vmm', "Xen's xl"],
  [/^(?:VBoxManage|VBoxHeadless)$/, 'vmm', 'VirtualBox'],
  [/^(?:vmrun|vmware|vmplayer)$/, 'vmm', 'VMware'],
  [
    /^(?:quickemu|quickget|multipass|vagrant|terraform|ansible-playbook|openstack|virter|gnome-boxes|lima|limactl)$/,
    'domain-maker',
  ],
  [/^qemu-(?:img|nbd|io|ga|pr-helper|storage-daemon|bridge-helper|edid|keymap|trace-stap|vmsr-helper)$/, 'tool'],
  [
    /^(?:sevctl|sevtool|snphost|snpguest|sev-relay|sev-verifier|virt-qemu-sev-validate|virt-host-validate|virt-fw-vars)$/,
    'tool',
  ],
  [
    /^(?:virtiofsd|swtpm|libvirtd|virtqemud|sev-snp-measure|igvmmeasure|passt|dnsmasq|sshd?|strace|journalctl|dmesg)$/,
    'tool',
  ],
];

const QEMU =
  /(?:^|[\s/="'`[(])(?:qemu-system-\w{1,20}|qemu-kvm)(?:\.exe)?["']?\s+(?:\\\s+)*["'{]?[-$]|(?:^|\/)(?:qemu|kvm)\s+-/m;

/** The program that a text runs, where it is another one than QEMU. */
function commandOf(text: string): Named | undefined {
  let qemu: boolean | undefined;
  for (const line of commandLines(text)) {
    const word = programOf(line);
    const found = COMMANDS.find(([pattern]) => pattern.test(word));
    if (!found) continue;
    const [, form, name = word] = found;
    // A container may be given QEMU's whole command, and a tool may stand beside it; those that make a domain name its program.
    qemu ??= QEMU.test(text.replaceAll(/--?emulator[= ]\S{1,300}/g, ''));
    if (qemu) return undefined;
    if (form === 'tool' && /^(?:strace|sshd?|journalctl|dmesg)$/.test(word)) continue;
    return [form, name];
  }
  return undefined;
}

/** The lines on which a command may begin: not those that go on with one before. */
function* commandLines(text: string): Generator<string> {
  let goesOn = false;
  for (const line of text.split('\n')) {
    if (!goesOn && line.trim() !== '') yield line.slice(0, 2000);
    goesOn = line.trimEnd().endsWith('\\');
  }
}

/** The first word of a command that is a program: past a prompt, sudo, variables, and what `ps` prints before it. */
function programOf(line: string): string {
  const plain = line
    .trimStart()
    .replace(/^(?:\S{0,80}[$#%>]|[-*•]|\[\S{1,80} \S{1,200}\][$#])\s+/, '')
    .replace(/^(?:sudo|doas|exec|nohup|time|nice|env|setsid|systemd-run|numactl|taskset)(?:\s+-\S{1,40})*\s+/, '')
    .replace(/^(?:[A-Za-z_]\w{0,40}=\S{0,200}\s+)+/, '')
    .replace(/^\S{1,40}\s+\d{1,9}\s+(?:\S{1,20}\s+){2,9}?(?=\/|\[)/, '')
    .replace(/^Exec\w{1,20}=[-@:+!]{0,3}/, '');
  const [word = ''] = plain.split(/\s/, 1);
  return word
    .replace(/["']/g, '')
    .replace(/^.*\//, '')
    .replace(/\.exe$/, '');
}

/** Files of other programs, by lines that only they have. */
const FILES: readonly (readonly [RegExp, ConfigForm, string?])[] = [
  [/^[ \t]{0,80}(?:user|raw|limits|volatile|security)\.(?:[\w.-]{1,60}):\s/m, 'incus-config'],
  [/^[ \t]{0,80}"?security\.sev(?:\.[\w.]{1,40})?"?\s*[:=]/m, 'incus-config'],
  [/^[ \t]{0,80}"(?:boot-source|machine-config)"\s*:/m, 'vmm', 'Firecracker'],
  [/^[ \t]{0,80}\{?[ \t]{0,80}"(?:QMP|return|execute|event)"\s*:/, 'qmp'],
  [/^[ \t]{0,80}\{"timestamp":\s*\{"seconds"/m, 'qmp'],
  [/^[ \t]{0,80}Vagrant\.configure\b/m, 'provision', 'Vagrant'],
  [/^[ \t]{0,80}resource\s+"libvirt_domain"/m, 'provision', 'Terraform'],
  [/^[ \t]{0,80}(?:-[ \t]{1,9})?community\.libvirt\.virt:/m, 'provision', 'Ansible'],
  [/\bhw[:_]mem_encryption\b/, 'provision', 'OpenStack'],
  [/^[ \t]{0,80}(?:guest_os|disk_img)="/m, 'provision', 'quickemu'],
  [/^(?:\.encoding|config\.version)\s*=\s*"/m, 'vmm', 'VMware'],
  [/^[ \t]{0,80}type\s*=\s*["'](?:hvm|pvh?)["']/m, 'vmm', "Xen's xl"],
];
