// Codes for the answers of the AMD-SP: one per status of the SEV API specification.
import type { ErrorWords } from './words.ts';

export const AMDSP_ERRORS = {
  AMDSP_INVALID_PLATFORM_STATE: {
    sentence: 'The platform is not in the state that this command needs.',
    next: 'Operator: end the running guests, or initialise the platform, then try again.',
  },
  AMDSP_INVALID_GUEST_STATE: {
    sentence: 'The guest is not in the state that this command needs.',
    next: 'Guest Owner: launch the guest again with a new session.',
  },
  AMDSP_INVALID_CONFIG: {
    sentence: 'The platform configuration is invalid.',
    next: 'Operator: check the BIOS settings for SEV.',
  },
  AMDSP_INVALID_LENGTH: {
    sentence: 'A buffer is too small or has the wrong length.',
    next: 'Operator: use a relay and QEMU that fit this firmware.',
  },
  AMDSP_ALREADY_OWNED: {
    sentence: 'The platform already has an owner.',
    next: 'Operator: regenerate the PEK or reset the platform first.',
  },
  AMDSP_INVALID_CERTIFICATE: {
    sentence: 'The certificate is malformed, or belongs to another platform.',
    next: "Guest Owner: make the session again from this platform's own chain.",
  },
  AMDSP_POLICY_FAILURE: {
    sentence: 'The policy is not allowed on this platform.',
    next: 'Guest Owner: ask for less (SEV-ES, minimum API), or use a platform that has it.',
  },
  AMDSP_INACTIVE: {
    sentence: 'The guest is not active.',
    next: 'Operator: launch the guest again.',
  },
  AMDSP_INVALID_ADDRESS: {
    sentence: 'An address is invalid.',
    next: "Operator: check the guest's memory layout and its firmware.",
  },
  AMDSP_BAD_SIGNATURE: {
    sentence: 'A signature is wrong.',
    next: 'Platform Owner: sign the request of this platform again.',
  },
  AMDSP_BAD_MEASUREMENT: {
    sentence: 'The session, the policy or the secret does not fit this platform and launch.',
    next: "Guest Owner: make a new session from the platform's present PDH; give the same policy to both sides.",
  },
  AMDSP_ASID_OWNED: {
    sentence: 'The ASID is already owned.',
    next: 'Operator: end another guest, then try again.',
  },
  AMDSP_INVALID_ASID: {
    sentence: 'The ASID is invalid.',
    next: 'Operator: check the number of SEV and SEV-ES guests that the BIOS allows.',
  },
  AMDSP_WBINVD_REQUIRED: {
    sentence: 'The caches must be flushed first.',
    next: 'Operator: try again; the kernel does this by itself.',
  },
  AMDSP_DFFLUSH_REQUIRED: {
    sentence: 'The data fabric must be flushed first.',
    next: 'Operator: try again; the kernel does this by itself.',
  },
  AMDSP_INVALID_GUEST: {
    sentence: 'The guest handle is invalid.',
    next: 'Operator: launch the guest again.',
  },
  AMDSP_INVALID_COMMAND: {
    sentence: 'The firmware does not know this command.',
    next: 'Operator: update the SEV firmware.',
  },
  AMDSP_ACTIVE: {
    sentence: 'The guest is still active.',
    next: 'Operator: end the guest first.',
  },
  AMDSP_HWERROR_PLATFORM: {
    sentence: 'The hardware reported an error; it can be used again after a reset.',
    next: 'Operator: reset the platform; if it stays so, ask AMD.',
  },
  AMDSP_HWERROR_UNSAFE: {
    sentence: 'The hardware reported an error and is not safe to use.',
    next: 'AMD: the machine needs service.',
  },
  AMDSP_UNSUPPORTED: {
    sentence: 'The firmware does not support this feature.',
    next: 'Operator: update the SEV firmware, or do without the feature.',
  },
  AMDSP_INVALID_PARAM: {
    sentence: 'A parameter is invalid.',
    next: 'Operator: use a relay and QEMU that fit this firmware.',
  },
  AMDSP_RESOURCE_LIMIT: {
    sentence: 'The firmware has run out of a resource.',
    next: 'Operator: end another guest, then try again.',
  },
  AMDSP_SECURE_DATA_INVALID: {
    sentence: "The firmware's own data failed its integrity check.",
    next: 'Operator: reset the platform; if it stays so, ask AMD.',
  },
  AMDSP_UNKNOWN: {
    sentence: 'The AMD-SP answered with a status that is not known here.',
    next: 'Operator: look the status up in the SEV API specification of your firmware.',
  },
} satisfies Record<string, ErrorWords>;

/** The AMD-SP's status numbers of chapter 5, and the code of each. 0 is success and has none. */
export const AMDSP_STATUS = {
  0x01: 'AMDSP_INVALID_PLATFORM_STATE',
  0x02: 'AMDSP_INVALID_GUEST_STATE',
  0x03: 'AMDSP_INVALID_CONFIG',
  0x04: 'AMDSP_INVALID_LENGTH',
  0x05: 'AMDSP_ALREADY_OWNED',
  0x06: 'AMDSP_INVALID_CERTIFICATE',
  0x07: 'AMDSP_POLICY_FAILURE',
  0x08: 'AMDSP_INACTIVE',
  0x09: 'AMDSP_INVALID_ADDRESS',
  0x0a: 'AMDSP_BAD_SIGNATURE',
  0x0b: 'AMDSP_BAD_MEASUREMENT',
  0x0c: 'AMDSP_ASID_OWNED',
  0x0d: 'AMDSP_INVALID_ASID',
  0x0e: 'AMDSP_WBINVD_REQUIRED',
  0x0f: 'AMDSP_DFFLUSH_REQUIRED',
  0x10: 'AMDSP_INVALID_GUEST',
  0x11: 'AMDSP_INVALID_COMMAND',
  0x12: 'AMDSP_ACTIVE',
  0x13: 'AMDSP_HWERROR_PLATFORM',
  0x14: 'AMDSP_HWERROR_UNSAFE',
  0x15: 'AMDSP_UNSUPPORTED',
  0x16: 'AMDSP_INVALID_PARAM',
  0x17: 'AMDSP_RESOURCE_LIMIT',
  0x18: 'AMDSP_SECURE_DATA_INVALID',
} as const satisfies Record<number, keyof typeof AMDSP_ERRORS>;

/** The error code of an AMD-SP status; `AMDSP_UNKNOWN` where the number is not in the table. */
export const amdSpErrorCode = (status: number): keyof typeof AMDSP_ERRORS =>
  (AMDSP_STATUS as Record<number, keyof typeof AMDSP_ERRORS>)[status] ?? 'AMDSP_UNKNOWN';
