// Checks a platform's chain away from the page.
import { AMD_ROOTS } from '../../shared/trust/amd-roots.ts';
import { SIMULATED_ROOT } from '../../shared/trust/simulated-root.ts';
import { inspectChainBytes } from '../../shared/verify/cert-chain.ts';
import { type ChainView, viewOfChain } from '../platforms/chain-view.ts';
import { answer } from './answer.ts';

const ROOTS = [...AMD_ROOTS, SIMULATED_ROOT];

answer<Uint8Array, ChainView>(async (chain) => viewOfChain(await inspectChainBytes(chain, ROOTS)));
