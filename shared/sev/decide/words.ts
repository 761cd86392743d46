// What is said where a launch is refused for a mix-up that can be named.

export const SWAPPED_WORDS = {
  digest: {
    sentence:
      'This is the launch digest in the place of the measure: the measure is made from it with the key of the session.',
    next: 'Keep the secret. Give the measurement that the host reports, 48 bytes, unchanged.',
  },
  nonceFirst: {
    sentence: 'The nonce stands before the measure. Turned round, they are the measurement that you expect.',
    next: 'Give the 48 bytes in their order: 32 bytes of measure, then 16 of nonce.',
  },
} as const;
