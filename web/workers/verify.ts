// Asks the worker that checks chains.
import type { ChainView } from '../platforms/chain-view.ts';
import { type CallOptions, callWorker } from './call.ts';
import workerUrl from './verify.worker.ts?worker&url';

/**
 * @param chain in sevctl's order, with or without ASK and ARK
 * @throws SevError BYTES_LENGTH when the bytes cannot be a chain; a chain that does not verify is an answer, no error
 */
export const inspectChain = (chain: Uint8Array, options?: CallOptions): Promise<ChainView> =>
  callWorker(workerUrl, chain, options);
