// Codes for measurements, policies, sessions and secrets of a launch.
import type { ErrorWords } from './words.ts';

export const MEASURE_ERRORS = {
  MEASURE_MISMATCH: {
    sentence: 'The launch measure does not match the guest image, policy and API version that you expect.',
    next: 'Keep the secret. Compare your guest image with the one that the platform was given.',
  },
  MEASURE_POLICY: {
    sentence: 'The policy is not one that can be used.',
    next: 'Choose another policy.',
  },
  MEASURE_POLICY_CHANGED: {
    sentence: "The guest was launched with another policy than your session's.",
    next: 'Keep the secret, destroy the guest, and launch it again with a new session.',
  },
  MEASURE_DEBUG_POLICY: {
    sentence: 'The policy lets the host debug the guest, and thus read its memory.',
    next: 'Make a new session with NODBG. No secret is released into a guest that can be debugged.',
  },
  MEASURE_KEY_SHARING: {
    sentence: "The policy lets the host share the guest's memory key with other guests, and this was never accepted.",
    next: 'Make a new session with NOKS, or accept key sharing when you make it.',
  },
  MEASURE_API_TOO_OLD: {
    sentence: "The AMD-SP's API is older than 0.17, so a secret would not be bound to this measurement.",
    next: "Have the host's SEV firmware updated, then launch with a new session.",
  },
  MEASURE_IMAGE: {
    sentence: 'The guest image cannot be used for this launch.',
    next: 'Choose a guest image that was built for AMD SEV.',
  },
  MEASURE_CLAIMED: {
    sentence: 'Someone else claimed a value that is expected here, and you have not confirmed it.',
    next: 'Confirm what you recognize as yours, or choose the file again so that it is read on this device.',
  },
  MEASURE_VCPUS: {
    sentence: 'The number of virtual CPUs is out of range.',
    next: 'Give a number from 1 to 512.',
  },
  MEASURE_CPU: {
    sentence: 'The CPU model is not known.',
    next: 'Choose a model from the list, or give the CPUID signature.',
  },
  MEASURE_VMSA: {
    sentence: 'The VMSA pages cannot be the ones of this launch.',
    next: 'Give the page of the boot processor first, and as the second the one that all others share.',
  },
  MEASURE_SECRET_TABLE: {
    sentence: 'The secret table is malformed.',
    next: 'Make the table again.',
  },
  MEASURE_SECRET_SIZE: {
    sentence: "The secrets do not fit into the guest's secret area.",
    next: 'Release fewer or shorter secrets.',
  },
  MEASURE_SECRET_GUID: {
    sentence: "A secret's GUID is malformed, nil, or given twice.",
    next: 'Give every secret a GUID of its own.',
  },
  MEASURE_SESSION_USED: {
    sentence: 'This session has already been used for a launch.',
    next: 'Make a new session. One session is good for one launch, ever.',
  },
  MEASURE_SESSION_IMPORTED: {
    sentence: 'The session was made by another tool, which did not verify the platform first.',
    next: 'Make a new session here, from a verified platform, and launch again.',
  },
  MEASURE_FIRMWARE_FLOOR: {
    sentence: "The platform's SEV firmware is older than the one that you ask for.",
    next: "Have the host's SEV firmware updated, then launch with a new session.",
  },
  MEASURE_SESSION_BLOB: {
    sentence: 'The session blob does not fit the keys or the policy.',
    next: 'Make a new session for this platform and policy.',
  },
  MEASURE_SIMULATED: {
    sentence: 'This platform is simulated: anyone can read a secret that is released to it.',
    next: 'Use a made-up secret, or connect to a real platform.',
  },
  MEASURE_NOT_VERIFIED: {
    sentence: 'Nothing can be released: the launch was not verified.',
    next: 'Verify the platform and the measurement first.',
  },
  MEASURE_OTHER_SESSION: {
    sentence: 'This belongs to another session.',
    next: 'Open the launch that it belongs to, or take the one of this launch.',
  },
} satisfies Record<string, ErrorWords>;
