// What no attestation report proves, however right it is; to be said beside every verdict.

export const REPORT_LEAVES_UNPROVEN: readonly { readonly code: string; readonly sentence: string }[] = [
  {
    code: 'REPORT_NOT_WHICH_GUEST',
    sentence:
      'It does not say which guest it is: the host can answer with the report of another guest that has the same digest and policy. Only your launch secret ties a guest to your session.',
  },
  {
    code: 'REPORT_NOT_FIRMWARE',
    sentence: "It does not contain the AMD-SP's API version and build; the launch measure does.",
  },
  {
    code: 'REPORT_NOT_NOW',
    sentence: 'It speaks of what was loaded at launch, and not of what the guest has done since.',
  },
];
