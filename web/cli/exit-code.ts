// What a failure means for a script: 1 refused or mismatch, 2 wrong use or unreadable input.
import type { ErrorCode, SevError } from '../../shared/errors.ts';

/** 3 is neither yes nor no: nothing speaks against it, and something is open or strange (`chain`, `evidence`). */
export type ExitCode = 0 | 1 | 2 | 3;

// Codes that say “this can be read, and it is not to be trusted”. All others are about the input or the use.
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BYTES_RESERVED',
  'MEASURE_MISMATCH',
  'MEASURE_POLICY_CHANGED',
  'MEASURE_DEBUG_POLICY',
  'MEASURE_API_TOO_OLD',
  'MEASURE_SESSION_USED',
  'MEASURE_SESSION_BLOB',
  'MEASURE_SESSION_IMPORTED',
  'MEASURE_KEY_SHARING',
  'MEASURE_FIRMWARE_FLOOR',
  'MEASURE_NOT_VERIFIED',
  'MEASURE_CLAIMED',
  'MEASURE_SIMULATED',
  'SNP_IMAGE',
  'SNP_KERNEL',
  'SNP_ID_SIGNATURE',
  'SNP_ID_LAUNCH',
]);
// A certificate that cannot be used is refused, whatever is wrong with it; but these two are about what was given.
const INPUT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CERT_PEM', 'CERT_CHAIN_INCOMPLETE']);

export function exitCodeOf({ code }: SevError): ExitCode {
  const isRefusal = REFUSALS.has(code) || (code.startsWith('CERT_') && !INPUT.has(code));
  return isRefusal ? 1 : 2;
}
