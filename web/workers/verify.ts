// Asks the worker that checks chains.
import type { ChainView } from './chain-view.ts';
import type { ProfileName } from '../profile/profile.ts';
import { type CallOptions, callWorker } from './call.ts';
import type { CollectedView, Given, VerifyRequest } from './messages.ts';
import workerUrl from './verify.worker.ts?worker&url';

/**
 * @param chain in sevctl's order, with or without ASK and ARK
 * @throws SevError BYTES_LENGTH when the bytes cannot be a chain; a chain that does not verify is an answer, no error
 */
export const inspectChain = (chain: Uint8Array, profile: ProfileName, options?: CallOptions): Promise<ChainView> =>
  callWorker<VerifyRequest, ChainView>(workerUrl, { chain, profile }, options);

/**
 * Looks for a platform's chain in files of any form: certificates, zips, QMP, virsh.
 * @throws SevError BYTES_UNKNOWN, or the fault of what a file was taken for
 */
export const collectGiven = (
  given: readonly Given[],
  profile: ProfileName,
  options?: CallOptions,
): Promise<CollectedView> => callWorker<VerifyRequest, CollectedView>(workerUrl, { given, profile }, options);
