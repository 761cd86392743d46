// The roots that the command line knows: AMD's, and the simulated one, which is never taken for genuine.
import { AMD_ROOTS } from '../../shared/trust/amd-roots.ts';
import type { PinnedRoot } from '../../shared/trust/pinned-root.ts';
import { SIMULATED_ROOT } from '../../shared/trust/simulated-root.ts';

export const ROOTS: readonly PinnedRoot[] = [...AMD_ROOTS, SIMULATED_ROOT];
