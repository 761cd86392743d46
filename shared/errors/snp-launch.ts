// Codes for what is launched under SEV-SNP: guest images, launch digests, ID blocks.
import type { ErrorWords } from './words.ts';

export const SNP_LAUNCH_ERRORS = {
  SNP_IMAGE: {
    sentence: 'This guest image cannot be launched under SEV-SNP.',
    next: 'Choose an OVMF image that was built for SEV-SNP, such as OVMF.amdsev.fd.',
  },
  SNP_KERNEL: {
    sentence: 'This guest image cannot measure a kernel under SEV-SNP.',
    next: 'Use an AmdSev build of OVMF, edk2-stable202408 or later, or launch without a kernel.',
  },
  SNP_FEATURES: {
    sentence: 'These are not the features of an SNP guest.',
    next: 'Set bit 0 (SNPActive). The usual value is 0x1.',
  },
  SNP_RESUME: {
    sentence: 'The stored digest of the guest image cannot be used.',
    next: 'Read the guest image itself again.',
  },
  SNP_ID_BLOCK: {
    sentence: 'The ID block or its authentication information is malformed.',
    next: 'Make a new ID block.',
  },
  SNP_ID_SIGNATURE: {
    sentence: 'A signature of the ID block does not verify.',
    next: 'Make a new ID block. Do not launch with this one: the firmware would refuse it.',
  },
  SNP_ID_LAUNCH: {
    sentence: 'The ID block belongs to another launch.',
    next: 'Make an ID block for this digest and policy.',
  },
} satisfies Record<string, ErrorWords>;
