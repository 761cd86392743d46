// What is said of a record that was checked again. The judging code gives plain facts.
import type { CheckName } from './check-name.ts';

export const RECHECK_WORDS = {
  symmetric:
    'Anyone who has the TIK can make a measure that fits: this convinces those who know that the guest owner alone had it.',
  unsigned: 'The record is not signed, and the measure was not checked: its writer could have written any measure.',
  unpinned: 'The record is signed, but not by a device key that you pinned: anyone can sign with a key of their own.',
  signedOnly:
    'The measure itself was not checked again: the signature shows that your device wrote this record, unchanged.',
  untold: [
    'That the session went to this very platform: the key that would show it was never kept.',
    'Times, history and what was found inside the guest: they are as the exporting device told them.',
    'That the secret arrived in the guest: no platform attests that.',
  ],
  reportsUntold:
    'Which guest an attestation report is of: a host can answer with the report of another guest with the same digest and policy.',
  noTik: 'Not checked: it is a MAC under the secret TIK of the session, which was not given (--tik).',
  /** Before what only the record itself says. */
  recordSays: (sentence: string): string => `The record says: ${sentence}`,
  kernelClaimed:
    'Not proven: the record says that the guest image checks the kernel. Give the image (--firmware), or the pinned key of the device that read it (--device-key).',
  kernelUntold:
    'Not checked: the record does not say whether the guest image checks the kernel. Give the image (--firmware).',
  kernelProven: 'The guest image has the place for kernel hashes, so the measured kernel is the one that it starts.',
  imageOther: (own: string, said: string): string =>
    `The file has the SHA-256 ${own}; the record is about an image with ${said}.`,
  imageFactsDiffer: 'The record says of the guest image what its file does not show.',
  signed: (id: string): string => `Signed by the device key ${id}…, which you pinned.`,
  signedByOther: (id: string): string => `Signed by the device key ${id}…, which is not one that you pinned.`,
  signedUnpinned: (id: string): string =>
    `Signed by the device key ${id}…. Not compared: give the key that you trust (--device-key).`,
  signatureWrong: 'The signature does not fit: the record was changed after it was signed.',
  signatureMissing: 'The record is not signed, although you gave a device key.',
} as const;

/** What the host reported and what was decided: without a key or a signature behind it, only the record says so. */
export const SELF_TOLD: ReadonlySet<CheckName> = new Set<CheckName>(['policy', 'firmware', 'verdict']);
