// An audit of the configuration that a host will launch, or has: what undermines the measurement, and what will not run.
import type { Finding } from '../findings/finding.ts';
import { signatureOfModel, readCpu } from '../guest/cpu-signature.ts';
import { isEs } from '../sev/formats/policy.ts';
import type { AuditContext } from './audit-context.ts';
import { securityFindings } from './audit-security.ts';
import { hidesValues, sameCmdline } from './cmdline-match.ts';
import { finding } from './config-finding.ts';
import type { ConfigFacts } from './config-facts.ts';
import { MAX_OLD_VCPUS, MAX_PLAIN_VCPUS, type QemuVersion, qemuAtLeast, seedsKernel } from './launch-config.ts';
import { readConfig } from './read-config.ts';
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

/**
 * A configuration in any of the forms in which people have it.
 * @throws SevError BYTES_VALUE with what the text is and what to give instead, BYTES_TOO_LARGE
 */
export const auditText = (text: string, context: AuditContext = {}): readonly Finding[] =>
  auditConfig(readConfig(text), context);

/** Every fault, the gravest kinds first; one `ok` when there is none, with what the text does not show. */
export function auditConfig(facts: ConfigFacts, context: AuditContext = {}): readonly Finding[] {
  const findings = [
    ...securityFindings(facts, context),
    ...kernelFindings(facts, context),
    ...firmwareFindings(facts),
    ...startFindings(facts, context),
    ...machineFindings(facts, context),
    ...cpuFindings(facts, context),
    ...interruptFindings(facts, context),
    ...deviceFindings(facts, context),
    ...memoryFindings(facts),
    ...sightFindings(facts),
  ];
  if (findings.some(({ severity }) => severity !== 'note')) return findings;
  const unchecked = uncheckedIn(facts, context);
  return [
    finding('CONFIG_CLEAN', 'ok'),
    ...findings,
    ...(unchecked.length > 0 ? [finding('CONFIG_UNCHECKED', 'note', unchecked)] : []),
  ];
}

export const isEsLaunch = ({ policy }: ConfigFacts, { session }: AuditContext): boolean =>
  isEs(session?.policy ?? policy ?? 0);

/** What would be looked at, had the text shown it. */
function uncheckedIn(facts: ConfigFacts, context: AuditContext): readonly string[] {
  const { kernel, machine, vcpus = 0, blobs } = facts;
  const version = versionOf(facts, context);
  return [
    ...(!version && machine && kernel !== undefined ? ["QEMU's version, which matters for the kernel's hash"] : []),
    ...(!version && vcpus > MAX_OLD_VCPUS && !machine?.manyVcpus ? ["QEMU's version, which limits the vCPUs"] : []),
    ...(blobs === 'files' && context.session ? ['what is in the files of the session'] : []),
  ];
}

/** The host's QEMU, or at least the one whose machine it is: a machine type may be older than its QEMU, never younger. */
const versionOf = ({ machine }: ConfigFacts, { qemuVersion }: AuditContext): QemuVersion | undefined =>
  qemuVersion ?? (machine?.version && machine.version.major >= 6 ? machine.version : undefined);

function* kernelFindings(facts: ConfigFacts, { expected }: AuditContext): Generator<Finding> {
  if (facts.security === 'sev' && facts.hasKernel && facts.kernelHashes === false) {
    yield finding('CONFIG_KERNEL_UNMEASURED', 'refused');
  }
  if (facts.hasKernel === false && facts.kernelHashes) yield finding('CONFIG_HASHES_WITHOUT_KERNEL', 'warning');
  if (expected?.kernel !== undefined && facts.hasKernel !== undefined && expected.kernel !== facts.hasKernel) {
    yield finding('CONFIG_KERNEL_OTHER', 'warning', expected.kernel);
  }
  const { cmdline } = facts;
  if (!facts.hasKernel || expected?.cmdline === undefined || cmdline === undefined) return;
  if (hidesValues(cmdline)) yield finding('CONFIG_CMDLINE_HIDDEN', 'note');
  if (!sameCmdline(expected.cmdline, cmdline)) {
    yield { ...finding('CONFIG_CMDLINE_OTHER', 'warning'), expected: expected.cmdline, actual: cmdline };
  }
}

function* firmwareFindings(facts: ConfigFacts): Generator<Finding> {
  if (facts.nvram) yield finding('CONFIG_NVRAM', 'refused');
  else if (facts.uefi && facts.stateless === false) yield finding('CONFIG_LOADER_STATEFUL', 'warning');
  if (facts.firmware === undefined && facts.uefi !== undefined) {
    yield finding('CONFIG_FIRMWARE_UNNAMED', 'warning', facts.uefi);
  }
  if (facts.firmwareWritable) yield finding('CONFIG_FIRMWARE_WRITABLE', 'warning');
}

function* startFindings(facts: ConfigFacts, context: AuditContext): Generator<Finding> {
  if (facts.paused === false) yield finding('CONFIG_NOT_PAUSED', 'refused');
  if (facts.source === 'libvirt' && facts.paused === undefined) yield finding('CONFIG_START_PAUSED', 'note');
  if (facts.restarts && facts.security === 'sev' && isEsLaunch(facts, context)) {
    yield finding('CONFIG_ES_REBOOT', 'note', facts.source);
  }
}

/** What the text does not show, of which nothing was said. */
function* sightFindings(facts: ConfigFacts): Generator<Finding> {
  const { commands = 1 } = facts;
  if (commands > 1) yield finding('CONFIG_SEVERAL', 'warning', commands);
  if (facts.expands) yield finding('CONFIG_VARIABLES', 'warning');
  if (facts.passthrough) yield finding('CONFIG_PASSTHROUGH', 'warning', facts.source);
  if (facts.part) yield finding('CONFIG_PART', 'warning', facts.part);
}

function* machineFindings(facts: ConfigFacts, context: AuditContext): Generator<Finding> {
  const { machine, kernel, security } = facts;
  if (security === 'sev' && facts.kvm === false) yield finding('CONFIG_NO_KVM', 'warning');
  if (machine?.kind === 'pc') yield finding('CONFIG_MACHINE_LEGACY', 'warning', machine.name.slice(0, 80));
  if (machine?.kind === 'other') yield finding('CONFIG_MACHINE_UNKNOWN', 'warning', machine.name.slice(0, 80));
  const version = versionOf(facts, context);
  const isOlder = machine?.version && !qemuAtLeast(machine.version, 7, 2);
  if (version && seedsKernel(version, kernel) && !isOlder) {
    yield finding('CONFIG_KERNEL_SEED', 'warning', context.qemuVersion !== undefined);
  }
  const es = isEsLaunch(facts, context);
  if (es && facts.smm === true) yield finding('CONFIG_SMM', 'warning');
  if (es && security === 'sev' && facts.irqchip === 'qemu') yield finding('CONFIG_ES_IRQCHIP', 'warning');
  const { expected } = context;
  if (expected?.vcpus !== undefined && facts.vcpus !== undefined && expected.vcpus !== facts.vcpus) {
    yield {
      ...finding('CONFIG_VCPUS_OTHER', es ? 'warning' : 'note'),
      expected: String(expected.vcpus),
      actual: String(facts.vcpus),
    };
  }
}

/** The CPU is measured under SEV-ES alone. */
function* cpuFindings(facts: ConfigFacts, context: AuditContext): Generator<Finding> {
  const { cpu, security } = facts;
  if (!cpu || security !== 'sev' || !isEsLaunch(facts, context)) return;
  const expected = context.expected?.cpuModel;
  const wanted = expected === undefined ? undefined : signature(() => readCpu(expected));
  if (cpu.kind === 'host') {
    // A signature that no model has can only be a host's own.
    const model =
      expected !== undefined && signature(() => signatureOfModel(expected)) !== undefined ? expected : undefined;
    yield finding('CONFIG_CPU_HOST', model === undefined ? 'note' : 'warning', model);
    return;
  }
  const given = cpu.model === undefined ? undefined : signature(() => signatureOfModel(cpu.model!));
  if (wanted !== undefined && (given !== undefined || cpu.kind === 'default') && given !== wanted) {
    yield { ...finding('CONFIG_CPU_OTHER', 'warning'), expected: expected!, actual: cpu.model ?? 'none (qemu64)' };
  }
}

function signature(read: () => number): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** What more than 255 vCPUs require, and what an encrypted guest cannot use. */
function* interruptFindings(facts: ConfigFacts, { qemuVersion }: AuditContext): Generator<Finding> {
  const { vcpus = 0, source, iommu, irqchip, security, cmdline, machine } = facts;
  const isWhole = !facts.part && !facts.passthrough && !facts.expands;
  if (vcpus > MAX_PLAIN_VCPUS && source === 'libvirt' && !iommu?.extended && isWhole) {
    yield finding('CONFIG_VCPUS_IOMMU', 'warning', MAX_PLAIN_VCPUS);
  }
  if (vcpus > MAX_PLAIN_VCPUS && irqchip === 'kvm') {
    yield finding('CONFIG_VCPUS_IRQCHIP', 'warning', MAX_PLAIN_VCPUS);
  }
  const version = machine?.version ?? (machine?.vendor ? undefined : qemuVersion);
  if (vcpus > MAX_OLD_VCPUS && version && !qemuAtLeast(version, 8, 1) && !machine?.manyVcpus) {
    yield finding('CONFIG_VCPUS_MACHINE', 'warning', MAX_OLD_VCPUS);
  }
  if (security === 'sev' && iommu?.remapsInterrupts && !/(?:^|\s)intremap=(?:\S*,)?off\b/.test(cmdline ?? '')) {
    yield finding('CONFIG_IOMMU_ENCRYPTED', facts.kernel === undefined ? 'note' : 'warning');
  }
}

function* deviceFindings(facts: ConfigFacts, context: AuditContext): Generator<Finding> {
  const version = versionOf(facts, context);
  const bare = facts.virtio.filter(({ iommu }) => !iommu).map(({ name }) => name);
  if (bare.length > 0 && (!version || !qemuAtLeast(version, 6, 0))) {
    yield finding('CONFIG_VIRTIO_IOMMU', version ? 'warning' : 'note', list(bare));
  }
  const old = facts.virtio.filter(({ modern }) => !modern);
  if (facts.machine?.kind === 'pc' && old.length > 0) {
    const hasModern = old.some(({ hasModernModel }) => hasModernModel);
    yield finding('CONFIG_VIRTIO_LEGACY', 'warning', { devices: list(old.map(({ name }) => name)), hasModern });
  }
  if (facts.ipxe.length > 0) yield finding('CONFIG_IPXE', 'warning', list(facts.ipxe));
}

const list = (names: readonly string[]): string =>
  names.length <= 4 ? names.join(', ') : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;

function* memoryFindings({ memory }: ConfigFacts): Generator<Finding> {
  if (!memory || memory.locked) return;
  if (memory.hardLimitKib === undefined) yield finding('CONFIG_MEMORY_LIMIT', 'warning');
  else if (memory.sizeKib !== undefined && memory.hardLimitKib < memory.sizeKib + OWN_MEMORY_KIB)
    yield finding('CONFIG_MEMORY_TIGHT', 'warning');
}
