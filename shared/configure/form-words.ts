// What a text is that is no configuration of QEMU's or libvirt's, and what to give instead. Keyed by the form's name.
import type { ErrorDetails } from '../errors.ts';

type Words = Required<Pick<ErrorDetails, 'sentence' | 'next'>>;
type Form = string | ((fact: string) => string);

const DUMPXML = 'Give what `virsh dumpxml NAME` prints, or the whole command line of QEMU (/proc/PID/cmdline).';
const RUNNING = 'Start the guest, then give the arguments of the running QEMU: the file /proc/PID/cmdline.';
const NOT_QEMU = 'Only guests of QEMU and libvirt can be checked here.';

const FORMS = {
  diff: ['This is a difference between two files, not a configuration.', DUMPXML],
  'typographic-xml': [
    'The XML has typographic quotes (‘ ’ “ ”) where XML has \' or ".',
    'Copy the XML from the terminal again, or replace the quotes. Word processors and chat programs change them.',
  ],
  'typographic-command': [
    'The command has typographic quotes or dashes (“ ” ‘ ’ – —) where a command has ", \' or -.',
    'Copy the command from the terminal again, or replace them. Word processors and chat programs change them.',
  ],
  'other-xml': [
    (root: string) => `The document is a <${root}>, not a <domain>.`,
    'Give all that `virsh dumpxml NAME` prints.',
  ],
  'domain-maker': [
    (program: string) => `This is a command of ${program}, not QEMU's.`,
    'Give what `virsh dumpxml NAME` prints for the domain that it makes. For virt-install, `--print-xml` prints it beforehand.',
  ],
  virsh: ['This is a command of virsh, without what it prints.', 'Give what `virsh dumpxml NAME` prints.'],
  'proxmox-command': ["This is a command of Proxmox's qm, not QEMU's.", 'Give what `qm showcmd VMID --pretty` prints.'],
  'incus-config': [
    'This is a configuration or a command of Incus or LXD, from which they make their own for QEMU.',
    "Give the guest's qemu.conf (/run/incus/NAME/qemu.conf, or /var/log/lxd/NAME/qemu.conf), and /proc/PID/cmdline of its QEMU.",
  ],
  container: [(program: string) => `This is a command of ${program}: what it starts inside is not shown.`, RUNNING],
  vmm: [(program: string) => `This starts ${program}, not QEMU.`, NOT_QEMU],
  tool: [(program: string) => `This is a command of ${program}: it starts no guest.`, DUMPXML],
  provision: [(program: string) => `This is a file of ${program}, from which it makes a domain.`, DUMPXML],
  'qemu-help': ['This asks QEMU for help or its version, and starts no guest.', DUMPXML],
  qmp: ['These are messages of QMP. They say what a guest does now, not how it was started.', DUMPXML],
  json: ['This JSON holds no arguments of QEMU.', DUMPXML],
  'cut-option': ["This is not a command of QEMU: some of its options are not QEMU's.", DUMPXML],
  'option-without-value': [
    (option: string) => `The value of ${option} is missing: the command was cut off, or it is not QEMU's.`,
    DUMPXML,
  ],
  'no-options': ['No command of QEMU was found in it.', DUMPXML],
  'open-quote': ['A quote in the command is not closed: the command was cut off.', DUMPXML],
  'kubevirt-none': [
    'This is an object of Kubernetes without a guest of KubeVirt in it.',
    'Give the VirtualMachineInstance: `kubectl get vmi NAME -o yaml`.',
  ],
} as const satisfies Record<string, readonly [Form, string]>;

export type ConfigForm = keyof typeof FORMS;

/** @param fact a program's or an option's name, where the form has one; bounded by the caller */
export function configForm(form: ConfigForm, fact = ''): Words {
  const [sentence, next]: readonly [Form, string] = FORMS[form];
  return { sentence: typeof sentence === 'string' ? sentence : sentence(fact), next };
}
