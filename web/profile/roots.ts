// The roots that each profile pins. The simulated one is loaded where it is trusted, and nowhere else.
import { AMD_ROOTS } from '../../shared/trust/amd-roots.ts';
import type { PinnedRoot } from '../../shared/trust/pinned-root.ts';
import type { ProfileName } from './profile.ts';

export async function rootsOf(profile: ProfileName): Promise<readonly PinnedRoot[]> {
  if (profile === 'real') return AMD_ROOTS;
  const { SIMULATED_ROOT } = await import('../../shared/trust/simulated-root.ts');
  return [SIMULATED_ROOT];
}

/** A profile with what it trusts; tests bring roots of their own. */
export interface TrustingProfile {
  readonly name: ProfileName;
  readonly roots: () => Promise<readonly PinnedRoot[]>;
}

export const trusting = (name: ProfileName): TrustingProfile => ({ name, roots: () => rootsOf(name) });
