// Whether a platform is still the one that was met before: same chip, same owner, same PEK, same PDH? In sentences.
import type { Generation } from '../../trust/pinned-root.ts';
import type { TrustedPdh } from '../verify/cert-chain.ts';
import type { Finding } from '../../findings/finding.ts';

/** What is kept of a visit: ids only, and all of them were verified then. */
export interface PlatformVisit {
  /** ISO 8601. */
  readonly at: string;
  readonly generation: Generation;
  readonly simulated: boolean;
  /** sevctl's ids, hex: digests of the signed bytes, so that AMD's signing a CEK anew changes nothing. */
  readonly cekId: string;
  readonly ocaId: string;
  readonly pekId: string;
  readonly pdhId: string;
}

export type ContinuityKind = 'first-visit' | 'unchanged' | 'new-pdh' | 'new-pek' | 'new-owner' | 'different-chip';

export interface Continuity {
  readonly kind: ContinuityKind;
  readonly finding: Finding;
  /** Whether sessions that were made for the platform then would still fit: a session is tied to one PDH. */
  readonly sessionsFit: boolean;
}

export const visitOf = (platform: TrustedPdh, at: Date): PlatformVisit => {
  const { generation, simulated, cekId, ocaId, pekId, pdhId } = platform;
  return { at: at.toISOString(), generation, simulated, cekId, ocaId, pekId, pdhId };
};

/** The keys from the chip outwards: the first that differs says what happened. */
export function compareVisits(last: PlatformVisit | undefined, now: PlatformVisit): Continuity {
  const kind = kindOf(last, now);
  return { kind, finding: { code: CODES[kind], ...WORDS[kind] }, sessionsFit: kind === 'unchanged' };
}

function kindOf(last: PlatformVisit | undefined, now: PlatformVisit): ContinuityKind {
  if (!last) return 'first-visit';
  if (last.cekId !== now.cekId) return 'different-chip';
  if (last.ocaId !== now.ocaId) return 'new-owner';
  if (last.pekId !== now.pekId) return 'new-pek';
  return last.pdhId === now.pdhId ? 'unchanged' : 'new-pdh';
}

const NEW_SESSION = 'Make a new session: those made before no longer fit.';

const CODES: Readonly<Record<ContinuityKind, string>> = {
  'first-visit': 'PLATFORM_FIRST_VISIT',
  unchanged: 'PLATFORM_UNCHANGED',
  'new-pdh': 'PLATFORM_NEW_PDH',
  'new-pek': 'PLATFORM_NEW_PEK',
  'new-owner': 'PLATFORM_NEW_OWNER',
  'different-chip': 'PLATFORM_DIFFERENT_CHIP',
};

const WORDS: Readonly<Record<ContinuityKind, Omit<Finding, 'code'>>> = {
  'first-visit': {
    severity: 'note',
    sentence: 'This platform has not been met before.',
    next: 'If you know its owner, compare the OCA with theirs by file or scan.',
  },
  unchanged: { severity: 'ok', sentence: 'Same chip, same owner, same keys as last time.' },
  'new-pdh': { severity: 'note', sentence: 'Same chip and owner, new PDH.', next: NEW_SESSION },
  'new-pek': {
    severity: 'warning',
    sentence: 'Same chip and owner, but a new PEK: the owner has signed the platform anew.',
    next: `${NEW_SESSION} Reports signed with the old PEK cannot be checked against this chain.`,
  },
  'new-owner': {
    severity: 'warning',
    sentence: 'Same chip, but another owner (OCA): the platform was reset, or taken over.',
    next: 'Ask the owner that you know before you launch here. Sessions made before no longer fit.',
  },
  'different-chip': {
    severity: 'warning',
    sentence: 'This is a different chip: another machine answers, or the processor was replaced.',
    next: 'Ask the operator why before you launch here. Sessions made before do not fit.',
  },
};
