// Whether a secret may be sealed to an SNP guest: its evidence answers this challenge, and its report is all that was asked for.
import { SevError } from '../../errors.ts';
import { type Finding, findingOf } from '../../findings/finding.ts';
import { toHex } from '../../bytes/text.ts';
import { parseCertificateTable, tableData } from '../formats/certificate-table.ts';
import { type Challenge, requireAnswer } from '../session/challenge.ts';
import { hostDataOf } from '../session/guest-config.ts';
import { type EvidenceLine, reportDataOf } from '../session/secret-lines.ts';
import { type JudgedBy, judgeSnpReport, type SnpDecision } from './decision.ts';
import type { SnpExpectation } from './expectation.ts';

declare const brand: unique symbol;

/** Permission to seal one secret to one guest's key. Only `decideSnpRelease` makes one. */
export interface SnpRelease {
  readonly [brand]: true;
  /** The nonce of the challenge, in hex: for the ledger that spends it. */
  readonly challengeId: string;
  /** The guest's age recipient, which the verified report names. */
  readonly recipient: string;
  readonly simulated: boolean;
}

export type SnpReleaseDecision =
  | { readonly kind: 'release'; readonly release: SnpRelease; readonly decision: SnpDecision }
  | { readonly kind: 'withhold'; readonly findings: readonly Finding[]; readonly decision?: SnpDecision };

export interface ReleaseBy extends JudgedBy {
  /** Certificates and revocation lists that the owner has, beside the table that came with the report. */
  readonly vek?: Uint8Array;
  readonly authorities: readonly Uint8Array[];
  readonly crls?: readonly Uint8Array[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Judges a guest's answer. REPORT_DATA must be this nonce and this key, and HOST_DATA the configuration of the challenge: both are
 * computed here, whatever the expectation says. A release comes only from a report that is proven whole.
 */
export async function decideSnpRelease(
  challenge: Challenge,
  evidence: EvidenceLine,
  expectation: Omit<SnpExpectation, 'reportData' | 'hostData'>,
  by: ReleaseBy,
): Promise<SnpReleaseDecision> {
  try {
    requireAnswer(challenge, evidence, by.nowMs);
    const table = evidence.table ? parseCertificateTable(evidence.table) : [];
    const vek = by.vek ?? tableData(table, 'vcek') ?? tableData(table, 'vlek');
    if (!vek) throw new SevError('CERT_CHAIN_INCOMPLETE', { at: 'vek' });
    const own = <T>(value: T) => [{ value, origin: 'hashed-here' as const }];
    const decision = await judgeSnpReport(
      { report: evidence.report, vek, authorities: by.authorities, ...(by.crls && { crls: by.crls }) },
      {
        ...expectation,
        reportData: own(await reportDataOf(evidence)),
        hostData: own(await hostDataOf(challenge.config)),
      },
      by,
    );
    if (decision.kind !== 'proven') return { kind: 'withhold', findings: decision.findings, decision };
    const { recipient } = evidence;
    const facts = { challengeId: toHex(challenge.nonce), recipient, simulated: decision.simulated };
    const release = Object.freeze(facts) as SnpRelease;
    releases.add(release);
    return { kind: 'release', release, decision };
  } catch (error) {
    if (!(error instanceof SevError)) throw error;
    return { kind: 'withhold', findings: [findingOf(error)] };
  }
}

const releases = new WeakSet<SnpRelease>();

/** Whether a value came from this file; a look-alike did not. */
export const isSnpRelease = (value: SnpRelease): boolean => releases.has(value);
