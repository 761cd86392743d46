// QEMU's own error texts → codes and sentences. docs/formats.md, “QMP”; QEMU, target/i386/sev.c.
import { amdSpErrorCode } from '../../../shared/errors/amdsp.ts';
import { type ErrorCode, type ErrorDetails, SevError } from '../../../shared/errors.ts';
import { plain } from '../../serve/log.ts';
import type { QmpFailure } from './messages.ts';

type Words = readonly [text: RegExp, code: ErrorCode, details?: ErrorDetails];

const TOO_OLD_FOR_REPORTS = {
  sentence: 'This host cannot make attestation reports.',
  next: 'Operator: attestation reports want QEMU 6.1, Linux 5.13 and SEV firmware 0.23 or later. A launch does not need one.',
};

/** First match wins. */
const TEXTS: readonly Words[] = [
  [/^SEV not enabled for guest|^SEV: SEV not enabled|^SEV is not enabled$/, 'RELAY_NOT_SEV'],
  [/^KVM not enabled/, 'RELAY_NOT_SEV', { because: 'Its QEMU runs without KVM.' }],
  [/^SEV-SNP|sev-snp/i, 'RELAY_NOT_SEV', { sentence: 'This is an SEV-SNP guest, which has no such command.' }],
  [
    /^SEV is not enabled in KVM/,
    'RELAY_DEVICE',
    { sentence: 'KVM has SEV switched off.', next: 'Operator: load kvm_amd with sev=1, and run `sev-relay check`.' },
  ],
  [/Failed to open \/dev\/sev/, 'RELAY_DEVICE', { because: 'QEMU could not open it.' }],
  [
    /^(SEV launch m|M)easurement is not available/,
    'RELAY_GUEST_STATE',
    { sentence: 'There is no launch measurement yet.', next: 'Wait until QEMU has loaded the guest, then ask again.' },
  ],
  [
    /^SEV: Not in correct state\. \(LSECRET\) 3/,
    'RELAY_GUEST_STATE',
    {
      sentence: 'The guest runs already, so no secret can be injected any more.',
      next: 'End the guest, and launch it again, paused, with a new session.',
    },
  ],
  [/^SEV: Not in correct state/, 'RELAY_GUEST_STATE', { because: 'No secret can be injected in it.' }],
  [/^SEV: Failed to decode sequence header/, 'BYTES_ENCODING', { at: 'header' }],
  [/^SEV: Failed to decode data/, 'BYTES_ENCODING', { at: 'secret' }],
  [
    /^SEV: no secret area found in OVMF/,
    'MEASURE_IMAGE',
    {
      sentence: "The guest image names no secret area, so there is no place for the owner's secret.",
      next: 'Choose a guest image with a secret area, such as the AmdSev build of OVMF.',
    },
  ],
  [
    /^SEV: Failed to calculate guest address/,
    'RELAY_PARAMS',
    { at: 'gpa', because: "It is not in the guest's memory." },
  ],
  [/^SEV: failed to decode mnonce/, 'BYTES_ENCODING', { at: 'mnonce' }],
  [/^SEV: mnonce must be 16 bytes/, 'BYTES_LENGTH', { at: 'mnonce' }],
  [/^SEV: Failed to (query the|get) attestation report/, 'RELAY_QMP', TOO_OLD_FOR_REPORTS],
  [
    /^Resetting the Virtual Machine is required/,
    'RELAY_GUEST_STATE',
    { sentence: 'The guest has stopped for good.', next: 'End it, and launch it again with a new session.' },
  ],
];

/** From which QEMU on a command exists. */
const SINCE: Record<string, string> = {
  'query-sev': '2.12',
  'query-sev-capabilities': '2.12',
  'query-sev-launch-measure': '2.12',
  'sev-inject-launch-secret': '6.0',
  'query-sev-attestation-report': '6.1',
};

/** What a failed command means, with QEMU's own words behind it. */
export function qmpError(command: string, { class: kind, desc }: QmpFailure): SevError {
  const because = `QEMU says: “${plain(desc, 300)}”.`;
  const at = command;
  const status = /\bfw_err(?:or)?=(-?\d+)/.exec(desc)?.[1];
  if (status !== undefined && Number(status) > 0) return new SevError(amdSpErrorCode(Number(status)), { at, because });
  if (kind === 'CommandNotFound' && SINCE[command] !== undefined) {
    return new SevError('RELAY_QMP', {
      at,
      sentence: 'This QEMU does not have the command.',
      because,
      next: `Operator: use QEMU ${SINCE[command]} or later, built with SEV.`,
    });
  }
  const [, code, details] = TEXTS.find(([text]) => text.test(desc)) ?? [undefined, 'RELAY_QMP' as const];
  return new SevError(code, { at, ...details, because: [details?.because, because].filter(Boolean).join(' ') });
}
