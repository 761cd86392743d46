// The exact commands that a host operator types, or a program sends, at each step of a launch.
import { SevError } from '../errors.ts';
import { toBase64 } from '../bytes/text.ts';
import type { SecretPacket } from '../sev/seal/packet-crypto.ts';
import { quoteWord } from './shell.ts';

/** Text files for virsh and libvirt's own tools: base64, where sevctl and sev-tool write raw bytes. */
export interface SecretFiles {
  readonly header: string;
  readonly payload: string;
}

export const startPausedCommand = (domain: string): string => virsh('start', '--paused', requireDomain(domain));
export const launchInfoCommand = (domain: string): string => virsh('domlaunchsecinfo', requireDomain(domain));
export const resumeCommand = (domain: string): string => virsh('resume', requireDomain(domain));

/**
 * `virsh domsetlaunchsecstate`: injects a packet from two files of base64 text. The guest must be paused, and never have run.
 * @param address where in guest memory; QEMU takes the guest image's secret area without it
 */
export const injectCommand = (domain: string, files: SecretFiles, address?: number): string =>
  virsh(
    'domsetlaunchsecstate',
    requireDomain(domain),
    ...['--secrethdr', files.header, '--secret', files.payload],
    // virsh reads this number in decimal, and refuses hex.
    ...(address === undefined ? [] : ['--set-address', String(requireAddress(address))]),
  );

/** What `injectCommand` reads. */
export const injectFiles = ({ header, payload }: SecretPacket): SecretFiles => ({
  header: toBase64(header),
  payload: toBase64(payload),
});

/** One command of QMP, as a line of JSON. */
export const qmpCommand = (execute: string, args?: object): string =>
  JSON.stringify(args ? { execute, arguments: args } : { execute });

/** `sev-inject-launch-secret`; `gpa` is a number here, where QEMU refuses a text. */
export const qmpInjectCommand = ({ header, payload }: SecretPacket, gpa?: number): string =>
  qmpCommand('sev-inject-launch-secret', {
    'packet-header': toBase64(header),
    secret: toBase64(payload),
    ...(gpa !== undefined && { gpa: requireAddress(gpa) }),
  });

/** `query-sev-attestation-report`; QEMU 6.1 and later. @param mnonce 16 bytes */
export const qmpReportCommand = (mnonce: Uint8Array): string =>
  qmpCommand('query-sev-attestation-report', { mnonce: toBase64(mnonce) });

/** `virsh qemu-monitor-command`: libvirt has no command of its own for it. */
export const virshQmpCommand = (domain: string, qmp: string): string =>
  virsh('qemu-monitor-command', requireDomain(domain), qmp);

/** A whole launch over QMP, in order; the packet goes before `cont`. */
export const QMP_STEPS = {
  negotiate: qmpCommand('qmp_capabilities'),
  version: qmpCommand('query-sev'),
  measurement: qmpCommand('query-sev-launch-measure'),
  resume: qmpCommand('cont'),
} as const;

function virsh(command: string, ...words: readonly string[]): string {
  return ['virsh', command, ...words].map(quoteWord).join(' ');
}

/** A domain's name or UUID; one that looks like an option would be read as one. */
function requireDomain(domain: string): string {
  if (domain !== '' && domain.length <= 256 && !domain.startsWith('-') && !/[\0\n\r/]/.test(domain)) return domain;
  throw new SevError('BYTES_VALUE', { at: 'domain', because: 'It is no name of a domain.' });
}

function requireAddress(address: number): number {
  if (Number.isSafeInteger(address) && address > 0) return address;
  throw new SevError('BYTES_VALUE', { at: 'address', because: 'It is no guest-physical address.' });
}
