// The SNP guest policy: 64 bits that the owner chooses at launch and that the AMD-SP keeps. SNP report specification part 3.
// A bigint throughout: a number would round what stands above bit 52.
import { SevError } from '../../errors.ts';
import { REPORT_FAULTS } from './report-words.ts';

export interface SnpPolicy {
  /** The lowest firmware ABI that may run the guest. */
  readonly abiMajor: number;
  readonly abiMinor: number;
  readonly smt: boolean;
  readonly migrateMa: boolean;
  readonly debug: boolean;
  readonly singleSocket: boolean;
  readonly cxlAllow: boolean;
  readonly memAes256Xts: boolean;
  readonly raplDis: boolean;
  readonly ciphertextHidingDram: boolean;
  readonly pageSwapDisable: boolean;
}

export type SnpPolicyFlag = Exclude<keyof SnpPolicy, 'abiMajor' | 'abiMinor'>;

/** `may` weakens the guest when set, `must` strengthens it. */
export interface SnpPolicyBit {
  readonly bit: number;
  readonly name: string;
  readonly field: SnpPolicyFlag;
  readonly when: 'may' | 'must';
}

export const SNP_POLICY_BITS: readonly SnpPolicyBit[] = [
  { bit: 16, name: 'SMT', field: 'smt', when: 'may' },
  { bit: 18, name: 'MIGRATE_MA', field: 'migrateMa', when: 'may' },
  { bit: 19, name: 'DEBUG', field: 'debug', when: 'may' },
  { bit: 20, name: 'SINGLE_SOCKET', field: 'singleSocket', when: 'must' },
  { bit: 21, name: 'CXL_ALLOW', field: 'cxlAllow', when: 'may' },
  { bit: 22, name: 'MEM_AES_256_XTS', field: 'memAes256Xts', when: 'must' },
  { bit: 23, name: 'RAPL_DIS', field: 'raplDis', when: 'must' },
  { bit: 24, name: 'CIPHERTEXT_HIDING_DRAM', field: 'ciphertextHidingDram', when: 'must' },
  { bit: 25, name: 'PAGE_SWAP_DISABLE', field: 'pageSwapDisable', when: 'must' },
];

const ALWAYS_ONE = 1n << 17n;
const FIRST_RESERVED = 26;
const MAX = (1n << 64n) - 1n;
/** QEMU's: SMT, and nothing else. */
export const QEMU_SNP_POLICY = 0x30000n;

/** @throws SevError SNP_POLICY when bit 17 is clear, a bit from 26 on is set, or it is no number of 64 bits */
export function parseSnpPolicy(value: bigint, at = 'policy'): SnpPolicy {
  const refuse = (because: string): SevError => new SevError('SNP_POLICY', { at, because });
  if (value < 0n || value > MAX) throw refuse(REPORT_FAULTS.policySize());
  const reserved = bitsOf(value).filter((bit) => bit >= FIRST_RESERVED);
  if (reserved.length > 0) throw refuse(REPORT_FAULTS.policyReserved(reserved));
  if ((value & ALWAYS_ONE) === 0n) throw refuse(REPORT_FAULTS.policyOne());
  const flags = SNP_POLICY_BITS.map(({ bit, field }) => [field, isSet(value, bit)] as const);
  const abi = { abiMajor: Number((value >> 8n) & 0xffn), abiMinor: Number(value & 0xffn) };
  return { ...abi, ...(Object.fromEntries(flags) as Record<SnpPolicyFlag, boolean>) };
}

/** @throws SevError SNP_POLICY when an ABI number does not fit into a byte */
export function encodeSnpPolicy(policy: SnpPolicy): bigint {
  for (const part of [policy.abiMajor, policy.abiMinor]) {
    if (!Number.isInteger(part) || part < 0 || part > 0xff) throw new SevError('SNP_POLICY', { at: 'policy.abi' });
  }
  const flags = SNP_POLICY_BITS.filter(({ field }) => policy[field]).map(({ bit }) => 1n << BigInt(bit));
  const abi = (BigInt(policy.abiMajor) << 8n) | BigInt(policy.abiMinor);
  return flags.reduce((sum, flag) => sum | flag, ALWAYS_ONE | abi);
}

export const isSet = (value: bigint, bit: number): boolean => ((value >> BigInt(bit)) & 1n) === 1n;

/** The numbers of the bits that are set in 64 bits. */
export const bitsOf = (value: bigint): readonly number[] =>
  Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => isSet(value, bit));

/** The names of the flags that are set, and the least ABI: `SMT, ABI 0.31`. */
export function snpPolicyNames(policy: SnpPolicy): string {
  const names = SNP_POLICY_BITS.filter(({ field }) => policy[field]).map(({ name }) => name);
  if (policy.abiMajor > 0 || policy.abiMinor > 0) names.push(`ABI ${policy.abiMajor}.${policy.abiMinor}`);
  return names.join(', ') || 'no flag set';
}

/** A policy as people read it: `196608 · 0x30000 (SMT)`. Never throws; one that no firmware takes says so. */
export function showSnpPolicy(value: bigint): string {
  const number = `${value} · 0x${value.toString(16)}`;
  try {
    return `${number} (${snpPolicyNames(parseSnpPolicy(value))})`;
  } catch {
    return `${number} (not a valid policy)`;
  }
}
