// Looks for a platform's chain in whatever was given, and checks what there is of it: the work of the worker that verifies.
import { visitOf } from '../../shared/sev/decide/continuity.ts';
import { encodeCertChain } from '../../shared/sev/formats/cert-chain.ts';
import { collectChain } from '../../shared/intake/collect-chain.ts';
import { recognise } from '../../shared/intake/recognise.ts';
import type { PinnedRoot } from '../../shared/trust/pinned-root.ts';
import { inspectCertChain } from '../../shared/sev/verify/cert-chain.ts';
import { viewOfChain } from './chain-view.ts';
import type { CollectedView, Given } from './messages.ts';

export async function collect(given: readonly Given[], roots: readonly PinnedRoot[]): Promise<CollectedView> {
  const pieces = await Promise.all(given.map(({ bytes, name }) => recognise(bytes, name)));
  const { chain, chipId, missing, problems } = await collectChain(pieces.flat(), roots);
  const report = await inspectCertChain(chain, roots, { chipId });
  const { trusted } = report;
  return {
    view: viewOfChain(report),
    ...(trusted && { chain: encodeCertChain(trusted.chain), visit: visitOf(trusted, new Date()) }),
    missing: missing.map((error) => error.toJSON()),
    problems: problems.map((error) => error.toJSON()),
  };
}
