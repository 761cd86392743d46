// PLATFORM_INFO: what the AMD-SP says about the machine. AMD adds bits without a new version of the report, so unknown ones are
// shown and never refused. SNP report specification part 4.
import { bitsOf, isSet } from './policy.ts';

export interface PlatformBit {
  readonly bit: number;
  /** Undefined for a bit that is not known here. */
  readonly name: string | undefined;
  readonly on: boolean;
  readonly sentence: string;
}

export const ALIAS_CHECK_COMPLETE = 5;

const BITS: readonly { bit: number; name: string; on: string; off: string }[] = [
  { bit: 0, name: 'SMT_EN', on: 'Hyper-threading is on.', off: 'Hyper-threading is off.' },
  {
    bit: 1,
    name: 'TSME_EN',
    on: 'All memory of the machine is encrypted too.',
    off: "Only the guests' memory is encrypted.",
  },
  { bit: 2, name: 'ECC_EN', on: 'The memory has error correction (ECC).', off: 'The memory has no ECC.' },
  {
    bit: 3,
    name: 'RAPL_DIS',
    on: 'Power readings (RAPL) are off.',
    off: 'Power readings (RAPL) are on.',
  },
  {
    bit: 4,
    name: 'CIPHERTEXT_HIDING_DRAM_EN',
    on: "The host cannot see the guests' encrypted memory.",
    off: "The host can see the guests' encrypted memory.",
  },
  {
    bit: ALIAS_CHECK_COMPLETE,
    name: 'ALIAS_CHECK_COMPLETE',
    on: 'Since the last reset the memory was checked for aliases (BadRAM).',
    off: 'The memory was not checked for aliases (BadRAM), or the firmware is too old to say.',
  },
  {
    bit: 6,
    name: 'IOMMU_WRITE_SAFE',
    on: "Other tools read this bit as: the IOMMU's writes are safe. AMD's own text was not at hand.",
    off: "Other tools read this bit as: the IOMMU's writes may not be safe. AMD's own text was not at hand.",
  },
  { bit: 7, name: 'TIO_EN', on: 'Trusted devices (SEV-TIO) are on.', off: 'Trusted devices (SEV-TIO) are off.' },
];

export const PLATFORM_BITS: readonly { readonly bit: number; readonly name: string }[] = BITS;

/** Every known bit in words, and then each unknown one that is set. */
export function explainPlatformInfo(value: bigint): readonly PlatformBit[] {
  const known = BITS.map(({ bit, name, on, off }) => {
    const set = isSet(value, bit);
    return { bit, name, on: set, sentence: set ? on : off };
  });
  const unknown = unknownPlatformBits(value).map((bit) => {
    const sentence = 'This bit is not known here; AMD adds bits without a new version.';
    return { bit, name: undefined, on: true, sentence };
  });
  return [...known, ...unknown];
}

export const unknownPlatformBits = (value: bigint): readonly number[] =>
  bitsOf(value).filter((bit) => !BITS.some((known) => known.bit === bit));
