// libvirt's own error texts → codes and sentences; QEMU's words inside them are read as QEMU's.
import { type ErrorCode, type ErrorDetails, SevError } from '../../../shared/errors.ts';
import { qmpError } from '../qmp/words.ts';

const TEXTS: readonly (readonly [RegExp, ErrorCode, ErrorDetails])[] = [
  [/failed to get domain|Domain not found/, 'RELAY_NO_GUEST', {}],
  [
    /domain is not running|not active/,
    'RELAY_GUEST_STATE',
    { sentence: 'The guest does not run.', next: 'Launch it, paused, with a new session.' },
  ],
  [
    /domain must be in a paused state|already active|not paused/,
    'RELAY_GUEST_STATE',
    { because: 'For a secret it has to be paused, and not to have run yet.' },
  ],
  [
    /Unable to (get|find) .*SEV|[Ss]EV .*not (supported|available|enabled)/,
    'RELAY_LIBVIRT',
    { sentence: 'libvirt has no SEV on this host.', next: 'Operator: run `sev-relay check`.' },
  ],
  [
    /not supported by the connection driver|unsupported flags|unknown command|unknown procedure/,
    'RELAY_LIBVIRT',
    {
      sentence: 'This libvirt cannot do that.',
      next: 'Operator: use qemu:///system, and libvirt 8.0 or later.',
    },
  ],
  [
    /failed to connect to the hypervisor|Failed to connect socket/,
    'RELAY_LIBVIRT',
    {
      sentence: "libvirt's daemon cannot be reached.",
      next: 'Operator: `systemctl start libvirtd`, and check the URI of --libvirt.',
    },
  ],
  [
    /authentication (failed|unavailable)|access denied|Permission denied/i,
    'RELAY_LIBVIRT',
    { sentence: 'libvirt does not let this user in.', next: 'Operator: run the relay in the group libvirt.' },
  ],
];

/** libvirt's connection broke in the middle: nobody knows whether the command was done. */
const BROKEN = /Disconnected from|end of file|Broken pipe|[Kk]eepalive|connection closed|Timed out during operation/;

/** More than virsh ever says of one failure; patterns with “.*” look no further. */
const MAX_WORDS = 2000;

/** @param whole virsh's error lines, made into one */
export function libvirtError(command: string, whole: string): SevError {
  const said = whole.slice(0, MAX_WORDS);
  const at = `virsh ${command}`;
  const [, qemuCommand, desc] = /unable to execute QEMU command '([^']+)': (.+)$/.exec(said) ?? [];
  if (qemuCommand !== undefined && desc !== undefined) return qmpError(qemuCommand, { class: 'GenericError', desc });
  const because = said === '' ? 'It said nothing.' : `libvirt says: “${said}”.`;
  if (BROKEN.test(said)) {
    return new SevError('RELAY_LOST', { at, sentence: 'The connection to libvirt broke in the middle.', because });
  }
  const [, code, details] = TEXTS.find(([text]) => text.test(said)) ?? [undefined, 'RELAY_LIBVIRT' as const, {}];
  return new SevError(code, { at, ...details, because: [details.because, because].filter(Boolean).join(' ') });
}
