// Codes for handing a secret to an SNP guest that already runs.
import type { ErrorWords } from './words.ts';

export const SNP_SECRET_ERRORS = {
  SNP_SECRET_LINE: {
    sentence: 'This is not a line of the secret protocol that belongs here.',
    next: "Give the guest's line whole, from “snp-secret-1” to its end.",
  },
  SNP_SECRET_CONFIG: {
    sentence: "The guest's configuration is malformed.",
    next: "Make it again from the disk's LUKS2 header.",
  },
  SNP_SECRET_NONCE: {
    sentence: 'This answers another challenge.',
    next: 'Keep the secret. Give the answer to this challenge, or send a new challenge.',
  },
  SNP_SECRET_EXPIRED: {
    sentence: 'This challenge is too old, or comes from the future.',
    next: "Check this device's clock, and send the guest a new challenge.",
  },
  SNP_SECRET_SPENT: {
    sentence: 'This challenge has been used to release a secret.',
    next: 'Send the guest a new challenge. Each is good for one secret.',
  },
  SNP_SECRET_RECEIPT: {
    sentence: 'The receipt is wrong: this guest did not open the secret.',
    next: 'Do not take the disk as opened. Ask the host for a new launch.',
  },
} satisfies Record<string, ErrorWords>;
