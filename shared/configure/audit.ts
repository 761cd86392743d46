// An audit of the configuration that a host will launch, or has: what undermines the measurement, and what will not run.
import type { AuditContext } from './audit-context.ts';
import { isEs } from '../sev/formats/policy.ts';
import type { Finding } from '../findings/finding.ts';
import { securityFindings } from './audit-security.ts';
import { finding } from './config-finding.ts';
import { type ConfigFacts, machineVersion } from './config-facts.ts';
import { MAX_OLD_VCPUS, MAX_PLAIN_VCPUS, qemuAtLeast, seedsKernel } from './launch-config.ts';
import { readDomainXml } from './read-domain.ts';
import { readQemuArguments } from './read-qemu.ts';

export type { AuditContext } from './audit-context.ts';

/** Memory of QEMU's own beside the guest's: libvirt's article takes 256 MiB. */
const OWN_MEMORY_KIB = 256 * 1024;

/** @throws SevError BYTES_VALUE, BYTES_TOO_LARGE when it cannot be read at all */
export const auditDomainXml = (text: string, context: AuditContext = {}): readonly Finding[] =>
  auditConfig(readDomainXml(text), context);

/** @throws SevError BYTES_VALUE, BYTES_TOO_LARGE when it cannot be read at all */
export const auditQemuArguments = (words: string | readonly string[], context: AuditContext = {}): readonly Finding[] =>
  auditConfig(readQemuArguments(words), context);

/** Every fault, the gravest kinds first; one `ok` when there is none. */
export function auditConfig(facts: ConfigFacts, context: AuditContext = {}): readonly Finding[] {
  const findings = [
    ...securityFindings(facts, context),
    ...kernelFindings(facts, context),
    ...firmwareFindings(facts),
    ...startFindings(facts),
    ...machineFindings(facts, context),
    ...interruptFindings(facts, context),
    ...deviceFindings(facts, context),
    ...memoryFindings(facts),
  ];
  const faults = findings.filter(({ severity }) => severity !== 'note');
  const clean = finding('CONFIG_CLEAN', 'ok', 'Nothing in this configuration undermines the measurement.');
  return faults.length > 0 ? findings : [clean, ...findings];
}

function* kernelFindings(facts: ConfigFacts, { expected }: AuditContext): Generator<Finding> {
  if (facts.security === 'sev' && facts.kernel !== undefined && !facts.kernelHashes) {
    const sentence = 'A kernel is given, but not measured: the host can boot any other.';
    const next = "Set kernel-hashes=on on the sev-guest object (libvirt: kernelHashes='yes').";
    yield finding('CONFIG_KERNEL_UNMEASURED', 'refused', sentence, next);
  }
  if (facts.kernel === undefined && facts.kernelHashes) {
    const sentence = 'Kernel hashes are on, but there is no kernel: none are measured.';
    yield finding('CONFIG_HASHES_WITHOUT_KERNEL', 'warning', sentence, 'Give the kernel, or turn kernel hashes off.');
  }
  if (expected?.kernel !== undefined && expected.kernel !== (facts.kernel !== undefined)) {
    const sentence = expected.kernel
      ? 'You expect a kernel, and none is given.'
      : 'A kernel is given that you do not expect.';
    yield finding('CONFIG_KERNEL_OTHER', 'warning', sentence, 'Make the configuration and what you expect the same.');
  }
  if (facts.kernel !== undefined && expected?.cmdline !== undefined && hidesValues(facts.cmdline)) {
    yield finding(
      'CONFIG_CMDLINE_HIDDEN',
      'note',
      'The relay leaves values out of the command line that could be secrets, so it was compared without them.',
      'The measurement covers the whole command line.',
    );
  }
  if (
    facts.kernel !== undefined &&
    expected?.cmdline !== undefined &&
    !sameCmdline(expected.cmdline, facts.cmdline ?? '')
  ) {
    yield {
      ...finding(
        'CONFIG_CMDLINE_OTHER',
        'warning',
        'The command line is not the one that you expect.',
        'Make the two the same, blanks included.',
      ),
      expected: expected.cmdline,
      actual: facts.cmdline ?? '',
    };
  }
}

function* firmwareFindings(facts: ConfigFacts): Generator<Finding> {
  const next = "Use a stateless firmware (libvirt: <loader stateless='yes'/>, without <nvram>).";
  if (facts.nvram) {
    const sentence =
      'There is a variable store (NVRAM), which is not measured: the host can change how the guest boots.';
    yield finding('CONFIG_NVRAM', 'refused', sentence, next);
  } else if (facts.uefi && !facts.stateless) {
    const sentence =
      'The firmware is not said to be stateless: libvirt may add a variable store, which is not measured.';
    yield finding('CONFIG_LOADER_STATEFUL', 'warning', sentence, next);
  }
  if (facts.firmware === undefined) {
    const sentence = facts.uefi
      ? 'No firmware is named, so the host chooses one by itself.'
      : 'No firmware is named, so the host starts its BIOS (SeaBIOS), which does not run under SEV.';
    yield finding('CONFIG_FIRMWARE_UNNAMED', 'warning', sentence, 'Name the guest image that you expect.');
  }
  if (facts.firmwareWritable) {
    const sentence = 'The firmware can be written to: what the guest changes there is measured at its next launch.';
    yield finding('CONFIG_FIRMWARE_WRITABLE', 'warning', sentence, 'Make the firmware read-only.');
  }
}

function* startFindings(facts: ConfigFacts): Generator<Finding> {
  if (facts.paused === false) {
    const sentence = 'The guest does not start paused: it runs before you verified anything, and takes no secret.';
    yield finding('CONFIG_NOT_PAUSED', 'refused', sentence, 'Start QEMU with -S.');
  }
  if (facts.paused === undefined) {
    yield finding(
      'CONFIG_START_PAUSED',
      'note',
      'Start it with `virsh start --paused`, so that it waits for your verdict.',
    );
  }
  if (facts.commands !== undefined && facts.commands > 1) {
    const sentence = `There are ${facts.commands} commands of QEMU in it, and only the last was looked at.`;
    yield finding('CONFIG_SEVERAL', 'warning', sentence, 'Give the others one by one.');
  }
  if (facts.expands) {
    const sentence = "Some values are a shell's variables ($NAME), and not known here.";
    const next = 'Give the arguments of the running QEMU instead: the file /proc/PID/cmdline.';
    yield finding('CONFIG_VARIABLES', 'warning', sentence, next);
  }
  if (facts.passthrough) {
    const [sentence, next] =
      facts.source === 'libvirt'
        ? [
            'Some arguments are handed to QEMU as they are; they were not looked at.',
            'Take <qemu:commandline> out, or give the arguments of the running QEMU.',
          ]
        : [
            'Some settings come from elsewhere (-readconfig, -set); they were not looked at.',
            'Write all settings as arguments of their own.',
          ];
    yield finding('CONFIG_PASSTHROUGH', 'warning', sentence, next);
  }
}

function* machineFindings(facts: ConfigFacts, { session, expected, qemuVersion }: AuditContext): Generator<Finding> {
  if (isLegacyMachine(facts)) {
    const sentence = `The machine type is the legacy ${facts.machine}, which SEV does not get on with well.`;
    yield finding('CONFIG_MACHINE_LEGACY', 'warning', sentence, 'Use q35.');
  }
  const version = qemuVersion ?? facts.qemuVersion;
  if (version && seedsKernel(version, facts.kernel) && !isOlderMachine(facts)) {
    // A machine type can be older than its QEMU.
    const who = qemuVersion ? 'QEMU 7.2' : "If the host's QEMU is 7.2, it";
    const sentence = `${who} adds a random seed to the kernel, so that its hash never matches.`;
    yield finding('CONFIG_KERNEL_SEED', 'warning', sentence, 'Use the machine type pc-q35-7.1, or QEMU 8 or later.');
  }
  const es = isEs(session?.policy ?? facts.policy ?? 0);
  if (es && facts.smm === true) {
    yield finding(
      'CONFIG_SMM',
      'warning',
      'SMM is on, and does not work under SEV-ES.',
      "Turn it off: smm=off, or <smm state='off'/>.",
    );
  }
  if (expected?.vcpus !== undefined && facts.vcpus !== undefined && expected.vcpus !== facts.vcpus) {
    yield {
      ...finding(
        'CONFIG_VCPUS_OTHER',
        es ? 'warning' : 'note',
        'The number of vCPUs is not the one that you expect.',
        'Make the two the same.',
      ),
      expected: String(expected.vcpus),
      actual: String(facts.vcpus),
    };
  }
}

/** What more than 255 vCPUs want, and what an encrypted guest cannot use. */
function* interruptFindings(facts: ConfigFacts, { qemuVersion }: AuditContext): Generator<Finding> {
  const { vcpus = 0, source, iommu, splitIrqchip, security, cmdline } = facts;
  if (vcpus > MAX_PLAIN_VCPUS && source === 'libvirt' && !iommu?.extended) {
    const sentence = `libvirt starts more than ${MAX_PLAIN_VCPUS} vCPUs only with an IOMMU in extended interrupt mode.`;
    const next = "Add <iommu model='intel'><driver intremap='on' eim='on'/></iommu> to the devices.";
    yield finding('CONFIG_VCPUS_IOMMU', 'warning', sentence, next);
  }
  if (vcpus > MAX_PLAIN_VCPUS && !splitIrqchip) {
    const sentence = `The I/O APIC is in KVM, so no device reaches a vCPU beyond the first ${MAX_PLAIN_VCPUS}.`;
    const next = "Split it: kernel-irqchip=split, or <ioapic driver='qemu'/> in libvirt's features.";
    yield finding('CONFIG_VCPUS_IRQCHIP', 'warning', sentence, next);
  }
  const version = machineVersion(facts.machine) ?? qemuVersion;
  if (vcpus > MAX_OLD_VCPUS && version && !qemuAtLeast(version, 8, 1)) {
    const sentence = `This machine takes at most ${MAX_OLD_VCPUS} vCPUs: it is of QEMU before 8.1.`;
    yield finding('CONFIG_VCPUS_MACHINE', 'warning', sentence, 'Use the machine type of a later QEMU, or fewer vCPUs.');
  }
  if (security === 'sev' && iommu?.remapsInterrupts && !/(?:^|\s)intremap=(?:\S*,)?off\b/.test(cmdline ?? '')) {
    const sentence =
      "The emulated IOMMU reads its tables from the guest's memory, which SEV encrypts: a guest that uses it may hang.";
    const next = 'Have the kernel of the guest leave it alone: intremap=off intel_iommu=off on its command line.';
    yield finding('CONFIG_IOMMU_ENCRYPTED', facts.kernel === undefined ? 'note' : 'warning', sentence, next);
  }
}

function isOlderMachine({ machine }: ConfigFacts): boolean {
  const version = machineVersion(machine);
  return version !== undefined && !qemuAtLeast(version, 7, 2);
}

const isLegacyMachine = ({ machine }: ConfigFacts): boolean =>
  machine !== undefined && /^pc(?:-i440fx.*|-[0-9].*)?$/.test(machine);

function* deviceFindings(facts: ConfigFacts, context: AuditContext): Generator<Finding> {
  const version = context.qemuVersion ?? facts.qemuVersion;
  const bare = facts.virtio.filter(({ iommu }) => !iommu).map(({ name }) => name);
  if (bare.length > 0 && (!version || !qemuAtLeast(version, 6, 0))) {
    const sentence = `Without an IOMMU these virtio devices do not work before QEMU 6.0: ${list(bare)}.`;
    const next = "Add <driver iommu='on'/> to each, or iommu_platform=on.";
    yield finding('CONFIG_VIRTIO_IOMMU', version ? 'warning' : 'note', sentence, next);
  }
  const old = facts.virtio.filter(({ modern }) => !modern).map(({ name }) => name);
  if (isLegacyMachine(facts) && old.length > 0) {
    const sentence = `On this machine type these devices may speak a virtio from before 1.0: ${list(old)}.`;
    yield finding('CONFIG_VIRTIO_LEGACY', 'warning', sentence, 'Use q35, or the model virtio-non-transitional.');
  }
  if (facts.ipxe.length > 0) {
    const sentence = `The iPXE ROM knows nothing of SEV, and is loaded for ${list(facts.ipxe)}.`;
    yield finding(
      'CONFIG_IPXE',
      'warning',
      sentence,
      "Leave it out: <rom enabled='no'/>, or romfile= with nothing behind it.",
    );
  }
}

const list = (names: readonly string[]): string =>
  names.length <= 4 ? names.join(', ') : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;

function* memoryFindings({ memory }: ConfigFacts): Generator<Finding> {
  if (!memory || memory.locked) return;
  const next = `Lock the memory (<memoryBacking><locked/></memoryBacking>), or set <hard_limit> to the memory and 256 MiB more.`;
  if (memory.hardLimitKib === undefined) {
    const sentence = "The guest's memory is neither locked nor given a hard limit: libvirt's own limit will end it.";
    yield finding('CONFIG_MEMORY_LIMIT', 'warning', sentence, next);
  } else if (memory.sizeKib !== undefined && memory.hardLimitKib < memory.sizeKib + OWN_MEMORY_KIB) {
    const sentence = "The hard limit leaves less than 256 MiB beside the guest's memory: the host may end the guest.";
    yield finding('CONFIG_MEMORY_TIGHT', 'warning', sentence, next);
  }
}

/** As the relay writes it in the place of a value, or of a whole word. */
const HIDDEN = '(hidden)';

const hidesValues = (cmdline: string | undefined): boolean => cmdline?.includes(HIDDEN) ?? false;

/** Equal, blanks included; where the relay hid a value, any value of the same parameter. */
function sameCmdline(expected: string, actual: string): boolean {
  if (!hidesValues(actual)) return expected === actual;
  const [ours, theirs] = [expected.split(/(\s)/), actual.split(/(\s)/)];
  return ours.length === theirs.length && ours.every((word, i) => sameWord(word, theirs[i]!));
}

function sameWord(expected: string, actual: string): boolean {
  if (actual === HIDDEN) return expected.trim() !== '';
  if (!actual.endsWith(`=${HIDDEN}`)) return expected === actual;
  return expected.startsWith(actual.slice(0, -HIDDEN.length));
}
