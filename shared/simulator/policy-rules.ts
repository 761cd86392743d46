// What the AMD-SP asks of a guest policy at LAUNCH_START. SEV API, chapter 3.
import { requireThat, STATUS } from './failure.ts';

export const POLICY_NOKS = 1 << 1;
export const POLICY_ES = 1 << 2;
const POLICY_RESERVED = 0xffc0;

/** What a platform offers. */
export interface PlatformAbility {
  readonly apiMajor: number;
  readonly apiMinor: number;
  readonly es: boolean;
}

/** @throws AmdSpFailure POLICY_FAILURE: reserved bits, a newer API than ours, SEV-ES where there is none */
export function requireAllowedPolicy(policy: number, platform: PlatformAbility): void {
  requireThat((policy & POLICY_RESERVED) === 0, STATUS.POLICY_FAILURE, 'A reserved bit of the policy is set.');
  const leastMajor = (policy >>> 16) & 0xff;
  const leastMinor = policy >>> 24;
  const newEnough =
    platform.apiMajor > leastMajor || (platform.apiMajor === leastMajor && platform.apiMinor >= leastMinor);
  requireThat(newEnough, STATUS.POLICY_FAILURE, 'The policy asks for a newer API.');
  requireThat((policy & POLICY_ES) === 0 || platform.es, STATUS.POLICY_FAILURE, 'SEV-ES is not available.');
}
