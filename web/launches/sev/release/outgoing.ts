// A launch's blobs for the host when no relay carries them: the session, the secret packet, and the commands around them.
import { labelOf, sessionTag } from '../../../../shared/airgap/index.ts';
import { toBase64 } from '../../../../shared/bytes/text.ts';
import {
  injectCommand,
  injectFiles,
  launchInfoCommand,
  QMP_STEPS,
  qmpInjectCommand,
  qmpReportCommand,
  resumeCommand,
  virshQmpCommand,
} from '../../../../shared/configure/host-commands.ts';
import { domainXml } from '../../../../shared/configure/libvirt-xml.ts';
import { qemuCommand } from '../../../../shared/configure/qemu-command.ts';
import type { Generation } from '../../../../shared/trust/pinned-root.ts';
import type { Outgoing, OutgoingText } from '../../../carry/outgoing.ts';
import type { ImageRecord } from '../../../library/reference-record.ts';
import { words } from '../../../strings/index.ts';
import type { SealedPacket } from '../../../vault/ledger.ts';
import { hostFiles, launchConfig, plainName } from '../../configuration/host-config.ts';
import type { LaunchRecord } from '../../record/launch-record.ts';

/** What the host needs to start the guest, paused. */
export function sessionOutgoing(
  record: LaunchRecord,
  image: ImageRecord | undefined,
  generation: Generation,
): Outgoing | undefined {
  const { session } = record;
  if (!session) return undefined;
  const name = plainName(record);
  const label = labelOf(record.name);
  const config = launchConfig({ record, image, generation });
  const files = hostFiles(name);
  return {
    files: [
      { name: files.dhCertFile, content: toBase64(session.godh) },
      { name: files.sessionFile, content: toBase64(session.blob) },
    ],
    texts: [
      { title: words.launch.qemuCommand, text: qemuCommand(config, files) },
      { title: words.launch.domainXml, text: domainXml(config) },
    ],
    message: {
      kind: 'launch',
      godh: session.godh,
      session: session.blob,
      policy: session.policy,
      ...(label !== undefined && { name: label }),
      ...(record.plan.profile !== undefined && { profile: record.plan.profile }),
    },
  };
}

/** How the host reads out what the AMD-SP measured. */
export const measureTexts = (record: LaunchRecord): readonly OutgoingText[] => [
  { title: words.launch.overQmp, text: [QMP_STEPS.negotiate, QMP_STEPS.version, QMP_STEPS.measurement].join('\n') },
  { title: words.launch.overVirsh, text: launchInfoCommand(plainName(record)) },
];

/** The sealed secret, and how the host hands it to the AMD-SP. */
export function packetOutgoing(record: LaunchRecord, packet: SealedPacket): Outgoing | undefined {
  const { session, guest } = record;
  if (!session) return undefined;
  const name = plainName(record);
  const files = { header: `${name}_secret_header.b64`, payload: `${name}_secret_payload.b64` };
  const texts = injectFiles(packet);
  return {
    files: [
      { name: files.header, content: texts.header },
      { name: files.payload, content: texts.payload },
    ],
    texts: [
      { title: words.launch.overQmp, text: qmpInjectCommand(packet) },
      { title: words.launch.overVirsh, text: injectCommand(name, files) },
    ],
    message: { kind: 'secret', session: sessionTag(session.blob), ...packet, ...(guest && { guest: guest.id }) },
  };
}

/** The request for an attestation report: its nonce, and how the host asks the AMD-SP with it. */
export function reportRequestOutgoing(record: LaunchRecord, mnonce: Uint8Array): Outgoing | undefined {
  const { session, guest } = record;
  if (!session) return undefined;
  const name = plainName(record);
  const command = qmpReportCommand(mnonce);
  return {
    files: [{ name: `${name}_mnonce.b64`, content: toBase64(mnonce) }],
    texts: [
      { title: words.launch.overQmp, text: command },
      { title: words.launch.overVirsh, text: virshQmpCommand(name, command) },
    ],
    message: { kind: 'report-request', mnonce, session: sessionTag(session.blob), ...(guest && { guest: guest.id }) },
  };
}

export const resumeTexts = (record: LaunchRecord): readonly OutgoingText[] => [
  { title: words.launch.overQmp, text: QMP_STEPS.resume },
  { title: words.launch.overVirsh, text: resumeCommand(plainName(record)) },
];
