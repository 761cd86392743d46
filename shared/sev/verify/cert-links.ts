// The links of a platform's chain: who vouches for whom, and what came of checking it.
import { SevError } from '../../errors.ts';
import { importEcdsaKey } from '../../crypto/signatures.ts';
import type { CertChain } from '../formats/cert-chain.ts';
import type { PinnedRoot } from '../../trust/pinned-root.ts';
import { rootOfAsk, verifyAsk, verifyRoot } from './ca-links.ts';
import type { CertName } from './cert-id.ts';
import type { ChainParts } from './chain-parts.ts';
import { certMissing } from './missing-certs.ts';
import { requireSlot, verifyCek, verifyEcLink } from './sev-links.ts';

/** What is known beside the certificates. */
export interface ChainHints {
  /** GET_ID of socket 0 in hex: lets a refusal say where AMD keeps the chip's signed CEK. */
  readonly chipId?: string | undefined;
}

/** One answer to "who vouches for whom". Equal names are a self-signature. */
export interface LinkFinding {
  readonly signer: CertName;
  readonly subject: CertName;
  readonly status: 'verified' | 'failed' | 'unchecked';
  /** Verified, and so is everything above it: only then does the link prove anything. */
  readonly proven: boolean;
  readonly error?: SevError;
  readonly sentence: string;
}

interface Link {
  readonly signer: CertName;
  readonly subject: CertName;
  /** What it means that the link holds; of the root, which pin it is that it holds to. */
  readonly meaning: string | ((root: PinnedRoot) => string);
  /** Returns when the signer vouches for the subject; throws the SevError that says why not. */
  readonly check: (chain: Required<CertChain>, roots: readonly PinnedRoot[]) => Promise<unknown>;
}

/** The chain rule, in telling order: the root, AMD's side, the owner's side, then where the two meet. */
export const LINKS: readonly Link[] = [
  {
    signer: 'ARK',
    subject: 'ARK',
    meaning: ({ name, simulated }) =>
      simulated
        ? "The root key (ARK) is the published test root, which is not AMD's."
        : `The root key (ARK) is AMD's for ${name}, pinned by its whole key.`,
    check: ({ ark }, roots) => verifyRoot(ark, roots),
  },
  {
    signer: 'ARK',
    subject: 'ASK',
    meaning: 'The root (ARK) vouches for the signing key (ASK).',
    check: ({ ark, ask }) => verifyAsk(ark, ask),
  },
  {
    signer: 'ASK',
    subject: 'CEK',
    meaning: "The signing key (ASK) vouches for this chip's key (CEK).",
    check: ({ ask, cek }, roots) => verifyCek(ask, cek, rootOfAsk(ask, roots)?.name),
  },
  {
    signer: 'OCA',
    subject: 'OCA',
    meaning: "The owner's key (OCA) signs itself, which does not say who the owner is.",
    check: ({ oca }) => verifyEcLink(oca, oca),
  },
  {
    signer: 'OCA',
    subject: 'PEK',
    meaning: "The owner (OCA) vouches for the platform's key (PEK).",
    check: ({ oca, pek }) => verifyEcLink(oca, pek),
  },
  {
    signer: 'CEK',
    subject: 'PEK',
    meaning: "The chip (CEK) vouches for the platform's key (PEK).",
    check: ({ cek, pek }) => verifyEcLink(cek, pek),
  },
  {
    signer: 'PEK',
    subject: 'PDH',
    meaning: "The platform's key (PEK) vouches for the key that sessions are made for (PDH).",
    check: ({ pek, pdh }) => verifyEcLink(pek, pdh),
  },
];

/** The answers that are on their way. In an object, so that waiting for the start is not waiting for them. */
export interface LinksUnderWay {
  readonly findings: Promise<LinkFinding[]>;
}

/**
 * Starts checking every link on its own; a fault in one leaves the others their own answers. Never throws for bad
 * certificates. The EC signatures take longest, and the engine verifies them beside us: they go first whatever their
 * place is, each as soon as its signer's key is imported, and what is left is done meanwhile.
 */
export async function startLinks(
  parts: ChainParts,
  roots: readonly PinnedRoot[],
  hints: ChainHints,
): Promise<LinksUnderWay> {
  const start = (link: Link): Promise<Unproven> => checkLink(link, parts, roots, hints);
  const started = new Map<Link, Promise<Unproven>>();
  for (const link of LINKS) {
    const signer = certOf(parts.certs, link.signer);
    if (!signer || !('publicKey' in signer)) continue;
    started.set(link, start(link));
    // A key that the engine refuses is that link's own to tell.
    await importEcdsaKey(signer.publicKey).catch(() => undefined);
  }
  const findings = Promise.all(LINKS.map((link) => started.get(link) ?? start(link)));
  return { findings: findings.then(markProven) };
}

type Unproven = Omit<LinkFinding, 'proven'>;

async function checkLink(
  { signer, subject, meaning, check }: Link,
  { certs, faults }: ChainParts,
  roots: readonly PinnedRoot[],
  { chipId }: ChainHints,
): Promise<Unproven> {
  const place = { signer, subject };
  const unchecked = (name: CertName): Unproven => ({
    ...place,
    status: 'unchecked',
    ...(!faults[name] && { error: certMissing(name, certs, roots) }),
    sentence: faults[name] ? `Not checked: the ${name} cannot be read.` : `Not checked: the ${name} is missing.`,
  });
  try {
    if (faults[subject]) throw faults[subject];
    const cert = certOf(certs, subject);
    if (!cert) return unchecked(subject);
    if ('signatures' in cert) requireSlot(cert, signer, chipId);
    if (!certOf(certs, signer)) return unchecked(signer);
    // Sound for this link: each check looks at its signer and its subject only, and both are here.
    const held = await check(certs as Required<CertChain>, roots);
    return {
      ...place,
      status: 'verified',
      sentence: typeof meaning === 'string' ? meaning : meaning(held as PinnedRoot),
    };
  } catch (error) {
    if (!(error instanceof SevError)) throw error;
    return { ...place, status: 'failed', error, sentence: error.sentence };
  }
}

const certOf = (certs: ChainParts['certs'], name: CertName) => certs[name.toLowerCase() as keyof CertChain];

/** LINKS runs downwards, so whatever is above a link has been marked before it. */
function markProven(findings: readonly Unproven[]): LinkFinding[] {
  const marked: LinkFinding[] = [];
  for (const finding of findings) {
    const above = marked.filter(({ subject }) => subject === finding.signer);
    const proven = finding.status === 'verified' && above.every((link) => link.proven);
    const hollow = finding.status === 'verified' && !proven;
    const sentence = hollow
      ? `${finding.sentence} But a link above is broken, so this proves nothing.`
      : finding.sentence;
    marked.push({ ...finding, proven, sentence });
  }
  return marked;
}
