// Checks a platform's chain away from the page: a stored one, or whatever was given of it.
import { inspectChainBytes } from '../../shared/sev/verify/cert-chain.ts';
import { type ChainView, viewOfChain } from './chain-view.ts';
import { answer } from './answer.ts';
import { KNOWN_ROOTS } from '../../shared/trust/known-roots.ts';
import { collect } from './collect.ts';
import type { CollectedView, VerifyRequest } from './messages.ts';

answer<VerifyRequest, ChainView | CollectedView>(async (request) =>
  'given' in request ? collect(request.given) : viewOfChain(await inspectChainBytes(request.chain, KNOWN_ROOTS)),
);
