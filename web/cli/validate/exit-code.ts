// The exit codes of virt-qemu-sev-validate, and which of our refusals is which of them.
import type { ErrorCode, SevError } from '../../../shared/errors.ts';

/**
 * 0 the launch is the expected one, 1 it is not, 2 wrong use, 3 insecure use, 4 the domain's configuration is wrong,
 * 5 the domain is in the wrong state, 6 anything else. 4 and 5 belong to the mode that asks a hypervisor.
 */
export type ValidateExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const CODES: Partial<Record<ErrorCode, ValidateExitCode>> = {
  MEASURE_MISMATCH: 1,
  RELAY_USAGE: 2,
  MEASURE_VCPUS: 2,
  MEASURE_CPU: 2,
  MEASURE_SECRET_GUID: 2,
  MEASURE_SECRET_SIZE: 2,
  MEASURE_DEBUG_POLICY: 3,
  MEASURE_API_TOO_OLD: 3,
  MEASURE_SESSION_USED: 3,
  MEASURE_SESSION_BLOB: 3,
  MEASURE_POLICY_CHANGED: 3,
  MEASURE_NOT_VERIFIED: 3,
  MEASURE_CLAIMED: 3,
  MEASURE_SESSION_IMPORTED: 3,
  MEASURE_KEY_SHARING: 3,
  MEASURE_FIRMWARE_FLOOR: 3,
  MEASURE_SIMULATED: 3,
};

export const validateExitCode = ({ code }: SevError): ValidateExitCode => CODES[code] ?? 6;
