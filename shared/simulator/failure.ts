// How the simulated AMD-SP says no: with the status numbers of the SEV API, chapter 5.
import { SevError } from '../errors.ts';
import { amdSpErrorCode } from '../errors/amdsp.ts';

/** The statuses that the simulated AMD-SP gives, under their spec names. */
export const STATUS = {
  INVALID_PLATFORM_STATE: 0x01,
  INVALID_GUEST_STATE: 0x02,
  INVALID_LENGTH: 0x04,
  ALREADY_OWNED: 0x05,
  INVALID_CERTIFICATE: 0x06,
  POLICY_FAILURE: 0x07,
  BAD_SIGNATURE: 0x0a,
  BAD_MEASUREMENT: 0x0b,
  INVALID_GUEST: 0x10,
  INVALID_COMMAND: 0x11,
  UNSUPPORTED: 0x15,
  INVALID_PARAM: 0x16,
} as const;

/** A command that the AMD-SP refused. It carries the status number, and our words for it. */
export class AmdSpFailure extends SevError {
  readonly status: number;

  /** @param because never secret bytes; the real AMD-SP gives the number alone */
  constructor(status: number, because?: string) {
    super(amdSpErrorCode(status), because === undefined ? {} : { because });
    this.status = status;
  }
}

/** Refuses with a status unless the condition holds. */
export function requireThat(condition: boolean, status: number, because?: string): asserts condition {
  if (!condition) throw new AmdSpFailure(status, because);
}
