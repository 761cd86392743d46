// Checks a platform's chain away from the page: a stored one, or whatever was given of it.
import { inspectChainBytes } from '../../shared/sev/verify/cert-chain.ts';
import { type ChainView, viewOfChain } from './chain-view.ts';
import { rootsOf } from '../profile/roots.ts';
import { answer } from './answer.ts';
import { collect } from './collect.ts';
import type { CollectedView, VerifyRequest } from './messages.ts';

answer<VerifyRequest, ChainView | CollectedView>(async (request) =>
  'given' in request
    ? collect(request.given, await rootsOf(request.profile))
    : viewOfChain(await inspectChainBytes(request.chain, await rootsOf(request.profile))),
);
