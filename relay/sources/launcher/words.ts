// Why QEMU did not start: its last words → codes and sentences. docs/formats.md, “Start options and their failures”.
import { amdSpErrorCode } from '../../../shared/errors/amdsp.ts';
import { type ErrorCode, type ErrorDetails, SevError } from '../../../shared/errors.ts';
import { plain } from '../../serve/log.ts';

const TEXTS: readonly (readonly [RegExp, ErrorCode, ErrorDetails])[] = [
  [
    /failed to initialize ret=-16/,
    'RELAY_LAUNCH',
    {
      sentence: 'No place is free for another SEV-ES guest on this host.',
      next: 'Operator: end another SEV-ES guest, or give SEV-ES more ASIDs in the BIOS (minimum SEV ASID).',
    },
  ],
  [
    /(cbitpos|reduced_phys_bits) check failed/,
    'RELAY_LAUNCH',
    {
      sentence: 'The profile names another C-bit than this processor has.',
      next: "Operator: take the cbitpos from QEMU's words into the profile.",
    },
  ],
  [/Failed to open \/dev\/sev/, 'RELAY_DEVICE', { because: 'QEMU could not open it.' }],
  [
    /(Could not access|failed to initialize) KVM|\/dev\/kvm/i,
    'RELAY_LAUNCH',
    {
      sentence: 'QEMU cannot use KVM here.',
      next: "Operator: let the relay's user into the group kvm; `sev-relay check`.",
    },
  ],
  [
    /Cannot allocate memory|cannot set up guest memory/,
    'RELAY_LAUNCH',
    {
      sentence: 'The host has too little memory for this guest.',
      next: 'Operator: end another guest, or give the profile less.',
    },
  ],
];

/** Without the name of the program before it: `qemu-system-x86_64: `. */
function withoutProgram(line: string): string {
  const end = line.indexOf(': ');
  const program = line.slice(0, Math.max(0, end));
  return program.includes('qemu') && !/\s/.test(program) ? line.slice(end + 2) : line;
}

/** @param output what QEMU wrote before it ended */
export function launchError(output: string): SevError {
  const lines = output.trim().split('\n').slice(-3);
  const said = plain(lines.map((line) => withoutProgram(line)).join(' '), 400);
  const because = said === '' ? 'It said nothing.' : `QEMU said: “${said}”.`;
  const status = /fw_error=(\d+)/.exec(said)?.[1];
  if (status !== undefined && Number(status) > 0) {
    return new SevError(amdSpErrorCode(Number(status)), { at: 'launch', because });
  }
  const [, code, details] = TEXTS.find(([text]) => text.test(said)) ?? [undefined, 'RELAY_LAUNCH' as const, {}];
  return new SevError(code, {
    at: 'launch',
    ...details,
    because: [details.because, because].filter(Boolean).join(' '),
  });
}
