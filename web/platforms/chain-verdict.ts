// A chain report as the one sentence that it comes to.
import { AMD_ROOTS } from '../../shared/trust/amd-roots.ts';
import { words } from '../strings/index.ts';
import type { Tone } from '../ui/tone.ts';
import { brokenLink, type ChainView } from '../workers/chain-view.ts';

export interface VerdictWords {
  readonly tone: Tone;
  /** Takes the place of the tone's own word. */
  readonly word?: string;
  readonly sentence: string;
  readonly reason?: string | undefined;
  readonly next?: string | undefined;
}

export const generationName = (view: ChainView): string =>
  AMD_ROOTS.find(({ generation }) => generation === view.generation)?.name ?? view.generation ?? '';

export function chainVerdict(view: ChainView): VerdictWords {
  const { chain } = words;
  if (view.status === 'genuine') {
    return { tone: 'proven', sentence: chain.genuine(generationName(view)), reason: chain.genuineReason };
  }
  if (view.status === 'simulated') {
    return { tone: 'simulated', sentence: chain.simulated, reason: chain.simulatedReason, next: chain.simulatedNext };
  }
  const { fault } = view;
  const told = { reason: fault?.sentence, next: fault?.next };
  const broken = brokenLink(view);
  if (broken?.status === 'failed')
    return { tone: 'refused', sentence: refusal(broken.signer, broken.subject, fault?.code), ...told };
  if (fault?.code === 'CERT_CHAIN_INCOMPLETE' || fault?.code === 'CERT_CEK_UNSIGNED')
    return { tone: 'attention', sentence: chain.incomplete, ...told };
  return { tone: 'refused', sentence: chain.refused, ...told };
}

function refusal(signer: string, subject: string, code?: string): string {
  if (code === 'CERT_SIMULATED') return words.chain.refusedSimulated;
  if (code === 'CERT_NOT_SIMULATED') return words.chain.refusedGenuine;
  return code === 'CERT_ROOT_UNKNOWN' ? words.chain.refusedRoot : words.chain.refusedAt(signer, subject);
}
