// The chain as it is drawn: from AMD's root down to the PDH, each key with the links that lead to it.
import type { CertName, CertSummary } from '../../shared/sev/verify/cert-chain.ts';
import type { Tone } from '../ui/tone.ts';
import type { ChainView, LinkView } from '../workers/chain-view.ts';

export interface DrawnLink {
  readonly link: LinkView;
  readonly tone: Tone;
}

export interface DrawnKey {
  readonly name: CertName;
  readonly cert?: CertSummary;
  /** The links from the keys above; a self-signature is no such link. */
  readonly above: readonly DrawnLink[];
  readonly self?: DrawnLink;
  /** How much of this key is proven: as much as the weakest of its links. */
  readonly tone: Tone;
}

const ORDER: readonly CertName[] = ['ARK', 'ASK', 'CEK', 'OCA', 'PEK', 'PDH'];

/** Green is kept for what leads to AMD: under the test root the same proof is drawn as simulated. */
function toneOf(link: LinkView, { generation, status }: ChainView): Tone {
  const simulated = generation === 'simulated';
  if (link.status === 'failed') return 'refused';
  if (link.status === 'unchecked') return 'unchecked';
  // The owner's word alone proves nothing: it counts only beside the chip's, in a chain that holds.
  if (!link.proven || (link.signer === 'OCA' && status === 'refused')) return 'note';
  return simulated ? 'simulated' : 'proven';
}

const WEAKEST_FIRST: readonly Tone[] = ['refused', 'unchecked', 'note', 'simulated', 'proven'];

const weakest = (tones: readonly Tone[]): Tone => WEAKEST_FIRST.find((tone) => tones.includes(tone)) ?? 'unchecked';

export function drawChain(view: ChainView): readonly DrawnKey[] {
  const drawn = view.links.map((link): DrawnLink => ({ link, tone: toneOf(link, view) }));
  return ORDER.map((name) => {
    const cert = view.certificates.find((summary) => summary.name === name);
    const to = drawn.filter(({ link }) => link.subject === name);
    const self = to.find(({ link }) => link.signer === name);
    // Nobody vouches for the owner's key but itself: that is never a proof of who the owner is.
    const tone = !cert
      ? 'unchecked'
      : name === 'OCA' && self?.tone !== 'refused'
        ? 'note'
        : weakest(to.map((t) => t.tone));
    return { name, ...(cert && { cert }), above: to.filter((t) => t !== self), ...(self && { self }), tone };
  });
}
