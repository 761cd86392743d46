// What a launch needs on the host, written out for QEMU and libvirt; and the check of what a host has instead.
import { type AuditContext, auditText as auditAnyForm } from '../../../shared/configure/audit.ts';
import { cbitOf, type LaunchConfig, type QemuVersion } from '../../../shared/configure/launch-config.ts';
import { domainXml, launchSecurityXml } from '../../../shared/configure/libvirt-xml.ts';
import { qemuCommand } from '../../../shared/configure/qemu-command.ts';
import { writeCommand } from '../../../shared/configure/shell.ts';
import type { Finding } from '../../../shared/findings/finding.ts';
import { SevError } from '../../../shared/errors.ts';
import type { ResultOf } from '../../../shared/relay-protocol.ts';
import type { Generation } from '../../../shared/trust/pinned-root.ts';
import type { OutgoingText } from '../../carry/outgoing.ts';
import type { ImageRecord } from '../../library/reference-record.ts';
import { words } from '../../strings/index.ts';
import { hostCpu } from '../sev/plan/host-cpu.ts';
import type { LaunchRecord } from '../record/launch-record.ts';

/** What only the host knows of itself; asked for, and kept nowhere. */
export interface HostSettings {
  /** Where the files lie, without the last slash. */
  readonly folder: string;
  readonly memoryMib: number;
  /** A qcow2 image; none, where it is empty. */
  readonly disk: string;
  /** Such as `8.2`; a present one, where it is empty. */
  readonly qemu: string;
}

export const FIRST_HOST: HostSettings = { folder: '/var/lib/libvirt/images', memoryMib: 2048, disk: '', qemu: '' };

/** What one launch is to be configured from. */
export interface ConfigSource {
  readonly record: LaunchRecord;
  readonly image: ImageRecord | undefined;
  readonly generation: Generation;
}

/** A launch's name as QEMU, libvirt and file systems take it. */
export function plainName({ name }: Pick<LaunchRecord, 'name'>): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 48);
  return plain === '' ? 'guest' : plain;
}

/** The files that QEMU reads, by the names under which they are saved. */
export const hostFiles = (name: string) => ({
  dhCertFile: `${name}_godh.b64`,
  sessionFile: `${name}_session.b64`,
  qmpSocket: `${name}.qmp`,
});

/** A folder without the slashes at its end. */
function withoutSlashes(folder: string): string {
  let end = folder.length;
  while (folder[end - 1] === '/') end--;
  return folder.slice(0, end);
}

export function launchConfig({ record, image, generation }: ConfigSource, host = FIRST_HOST): LaunchConfig {
  const { plan, session } = record;
  const { kernel } = plan;
  const onHost = (file: string): string => `${withoutSlashes(host.folder)}/${file}`;
  const qemuVersion = versionOf(host.qemu);
  return {
    name: plainName(record),
    firmware: onHost(image?.name ?? 'OVMF.fd'),
    ...(image?.guestImage && { firmwareKind: image.guestImage.kind }),
    ...(kernel?.kernel && { kernel: onHost(kernel.kernel.name), cmdline: kernel.cmdline }),
    ...(kernel?.initrd && { initrd: onHost(kernel.initrd.name) }),
    vcpus: plan.cpu.vcpus,
    ...hostCpu(plan.cpu),
    memoryMib: host.memoryMib,
    policy: plan.policy,
    godh: session?.godh ?? new Uint8Array(),
    session: session?.blob ?? new Uint8Array(),
    cbitpos: cbitOf(generation) ?? 51,
    reducedPhysBits: 1,
    ...(host.disk.trim() !== '' && { disks: [host.disk.trim()] }),
    ...(qemuVersion && { qemuVersion }),
  };
}

/** @throws SevError BYTES_VALUE when it is no version */
function versionOf(text: string): QemuVersion | undefined {
  if (text.trim() === '') return undefined;
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})(?:\.\d{1,3})?$/.exec(text.trim()) ?? [];
  if (major === undefined) throw new SevError('BYTES_VALUE', { at: 'qemu', because: words.launch.config.qemuHint });
  return { major: Number(major), minor: Number(minor) };
}

/**
 * The texts to copy or save, each with the name of its file.
 * @throws SevError BYTES_VALUE, MEASURE_VCPUS, MEASURE_IMAGE: what cannot be launched like that
 */
export function configTexts(source: ConfigSource, host: HostSettings): readonly OutgoingText[] {
  const config = launchConfig(source, host);
  const { name } = config;
  return [
    { title: words.launch.qemuCommand, text: qemuCommand(config, hostFiles(name)), file: `${name}.sh` },
    { title: words.launch.launchSecurity, text: launchSecurityXml(config), file: `${name}_launch-security.xml` },
    { title: words.launch.domainXml, text: domainXml(config), file: `${name}.xml` },
  ];
}

/** What the launch, and the platform that it is for, say of how it is to be configured. */
export function auditContext({ plan, session }: LaunchRecord, generation?: Generation): AuditContext {
  const { kernel } = plan;
  return {
    ...(session && { session }),
    ...(generation && { generation }),
    expected: {
      vcpus: plan.cpu.vcpus,
      cpuModel: plan.cpu.model,
      kernel: kernel?.kernel !== undefined,
      ...(kernel && { cmdline: kernel.cmdline }),
    },
  };
}

/** What a relay shows of a guest, as `auditText` reads it: its QEMU arguments stand one a line, blanks and quotes included. */
export const shownConfiguration = ({ kind, text }: ResultOf<'guest.configuration'>): string =>
  kind === 'qemu-arguments' ? writeCommand(text.split('\n')) : text;

/**
 * The findings in a configuration of any form. Nothing of the answer is proof: whether the host uses what it shows, only
 * the measurement tells.
 * @throws SevError BYTES_VALUE with what the text is where it is none, BYTES_TOO_LARGE
 */
export const auditText = (text: string, context: AuditContext = {}): readonly Finding[] =>
  auditAnyForm(text, context).map((finding) =>
    finding.severity === 'ok' ? { ...finding, severity: 'note' } : finding,
  );
