// Every root that is known here: AMD's, and the simulated one, which is never taken for genuine.
import { AMD_ROOTS } from './amd-roots.ts';
import type { PinnedRoot } from './pinned-root.ts';
import { SIMULATED_ROOT } from './simulated-root.ts';

export const KNOWN_ROOTS: readonly PinnedRoot[] = [...AMD_ROOTS, SIMULATED_ROOT];
