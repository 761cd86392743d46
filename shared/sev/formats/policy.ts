// The guest policy: 32 bits that the AMD-SP enforces and that every measurement contains. SEV API, chapter 3.
import { SevError } from '../../errors.ts';
import { bothRadices } from '../../bytes/number.ts';

export interface Policy {
  readonly noDebug: boolean;
  readonly noKeySharing: boolean;
  readonly es: boolean;
  readonly noSend: boolean;
  readonly domain: boolean;
  readonly sev: boolean;
  /** The lowest firmware API that may launch the guest; 0.0 asks for nothing. */
  readonly apiMajor: number;
  readonly apiMinor: number;
}

/** The six flags by their bit numbers and the specification's names. */
export const POLICY_BITS = [
  { bit: 0, name: 'NODBG', field: 'noDebug' },
  { bit: 1, name: 'NOKS', field: 'noKeySharing' },
  { bit: 2, name: 'ES', field: 'es' },
  { bit: 3, name: 'NOSEND', field: 'noSend' },
  { bit: 4, name: 'DOMAIN', field: 'domain' },
  { bit: 5, name: 'SEV', field: 'sev' },
] as const;

export type PolicyFlag = (typeof POLICY_BITS)[number]['field'];

/** The bits of these flags. */
export const policyMask = (...flags: readonly PolicyFlag[]): number =>
  POLICY_BITS.reduce((mask, { bit, field }) => mask | (flags.includes(field) ? 1 << bit : 0), 0);

/** The bits of all flags that the specification has. */
export const POLICY_FLAGS_MASK = policyMask(...POLICY_BITS.map(({ field }) => field));
const FLAGS_FIELD = 0xffff;
const RESERVED = FLAGS_FIELD & ~POLICY_FLAGS_MASK;

/** Whether a policy that need not be valid has a flag set. */
export const hasPolicyFlag = (policy: number, flag: PolicyFlag): boolean => (policy & policyMask(flag)) !== 0;

/** Whether the guest's registers are encrypted and measured, too. */
export const isEs = (policy: number): boolean => hasPolicyFlag(policy, 'es');

/** The reserved bits (6–15) that a number sets; a policy has none. */
export const reservedPolicyBits = (value: number): readonly number[] =>
  Array.from({ length: 16 }, (_, bit) => bit).filter((bit) => ((value & RESERVED) >>> bit) & 1);

/**
 * Reads a policy: flags in bits 0–5, API major in bits 16–23, API minor in bits 24–31.
 * @throws SevError MEASURE_POLICY when it is no 32-bit number or has a reserved bit (6–15) set
 */
export function parsePolicy(value: number, at = 'policy'): Policy {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new SevError('MEASURE_POLICY', { at, because: 'It is not a 32-bit number.' });
  }
  const bits = reservedPolicyBits(value);
  if (bits.length > 0) {
    const because = `${bothRadices(value)} sets ${bits.length > 1 ? 'bits' : 'bit'} ${bits.join(', ')}; ${POLICY_BITS.length}–15 are reserved.`;
    throw new SevError('MEASURE_POLICY', {
      at,
      because,
      next: 'Check whether the number was meant in decimal or hex.',
    });
  }
  const flags = Object.fromEntries(POLICY_BITS.map(({ field }) => [field, hasPolicyFlag(value, field)]));
  return { ...(flags as Record<PolicyFlag, boolean>), apiMajor: (value >>> 16) & 0xff, apiMinor: value >>> 24 };
}

/** @throws SevError MEASURE_POLICY when an API number does not fit into a byte */
export function encodePolicy(policy: Policy): number {
  for (const part of [policy.apiMajor, policy.apiMinor]) {
    if (Number.isInteger(part) && part >= 0 && part <= 0xff) continue;
    throw new SevError('MEASURE_POLICY', { at: 'policy.api', because: `${part} does not fit into a byte.` });
  }
  const flags = policyMask(...POLICY_BITS.map(({ field }) => field).filter((field) => policy[field]));
  return (flags | (policy.apiMajor << 16) | (policy.apiMinor << 24)) >>> 0;
}

/** The policy of a domain's XML as libvirt reads it: always in hex, with 0x before it or without; undefined when it is no number. */
export const readLibvirtPolicy = (text: string | undefined): number | undefined =>
  text !== undefined && /^(?:0[xX])?[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text, 16) : undefined;

/** The names of the flags that are set, and the minimum API: `NODBG, ES, API 0.24`. */
export function policyNames(policy: Policy): string {
  const names: string[] = POLICY_BITS.filter(({ field }) => policy[field]).map(({ name }) => name);
  if (policy.apiMajor > 0 || policy.apiMinor > 0) names.push(`API ${policy.apiMajor}.${policy.apiMinor}`);
  return names.join(', ') || 'no restriction';
}

/** A policy number as people read it: `5 · 0x5 (NODBG, ES)`. Never throws; a reserved bit is named instead. */
export function showPolicy(value: number): string {
  try {
    return `${bothRadices(value)} (${policyNames(parsePolicy(value))})`;
  } catch {
    return `${bothRadices(value)} (not a valid policy)`;
  }
}

/** Whether one firmware API is at least another; the major number weighs first. */
export const apiAtLeast = (major: number, minor: number, leastMajor: number, leastMinor: number): boolean =>
  major > leastMajor || (major === leastMajor && minor >= leastMinor);
