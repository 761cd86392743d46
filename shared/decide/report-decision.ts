// Is this attestation report the one that was asked for? Every finding, and always what no report proves.
import { SevError } from '../errors.ts';
import { type AttestationReport, parseAttestationReport } from '../formats/attestation-report.ts';
import { showPolicy } from '../formats/policy.ts';
import { type ExpectedReport, reportFaults, verifyReportSignature } from '../verify/attestation-report.ts';
import type { TrustedPdh } from '../verify/cert-chain.ts';
import { REPORT_LEAVES_UNPROVEN } from '../verify/report-unproven.ts';
import { type Finding, findingOf } from './finding.ts';

/** What one launch expects of a report; nothing of it may be left out. */
export interface AskedOf extends ExpectedReport {
  readonly launchDigest: Uint8Array;
  readonly policy: number;
}

export interface ReportDecision {
  /**
   * `proven`: signed by the platform, for this nonce, with this digest and policy. `other-guest`: signed for this nonce, of a
   * guest with another digest or policy. `replayed`: signed for another nonce. `unsigned`: not this platform's word at all.
   */
  readonly kind: 'proven' | 'other-guest' | 'replayed' | 'unsigned';
  /** Nothing that a simulated platform signs proves anything about hardware. */
  readonly simulated: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Decides on one report. Answers, and throws only where no chain was verified.
 * @param bytes as they came
 * @throws SevError MEASURE_NOT_VERIFIED
 */
export async function decideReport(bytes: Uint8Array, platform: TrustedPdh, asked: AskedOf): Promise<ReportDecision> {
  const { simulated } = platform;
  try {
    const report = await verifyReportSignature(parseAttestationReport(bytes), platform);
    const faults = reportFaults(report, asked);
    const findings = [SIGNED, ...comparisons(report, asked, faults), ...REPORT_UNPROVEN];
    return { kind: kindOf(faults), simulated, findings };
  } catch (error) {
    if (!(error instanceof SevError) || error.code === 'MEASURE_NOT_VERIFIED') throw error;
    return { kind: 'unsigned', simulated, findings: [findingOf(error), ...REPORT_UNPROVEN] };
  }
}

/** What no report proves, as findings. */
export const REPORT_UNPROVEN: readonly Finding[] = REPORT_LEAVES_UNPROVEN.map(({ code, sentence }) => ({
  code,
  severity: 'note',
  sentence,
}));

const SIGNED: Finding = {
  code: 'REPORT_SIGNED',
  severity: 'ok',
  sentence: "The report is signed by this platform's key (PEK).",
};

const FIELDS = [
  { at: 'report.mnonce', code: 'REPORT_FRESH', sentence: 'It was made for the nonce of the request, and so after it.' },
  {
    at: 'report.launchDigest',
    code: 'REPORT_DIGEST_EQUAL',
    sentence: 'Its launch digest is the one that you expect.',
  },
  { at: 'report.policy', code: 'REPORT_POLICY_EQUAL', sentence: "Its policy is your session's." },
] as const;

const comparisons = (report: AttestationReport, asked: AskedOf, faults: readonly SevError[]): readonly Finding[] =>
  FIELDS.map(({ at, code, sentence }) => {
    const fault = faults.find((one) => one.at === at);
    if (!fault) return { code, severity: 'ok', sentence };
    // Nobody is asked to compare a nonce or a digest by eye; a policy is read in words.
    if (at !== 'report.policy') return findingOf(fault);
    return findingOf(fault, { expected: showPolicy(asked.policy), actual: showPolicy(report.policy) });
  });

function kindOf(faults: readonly SevError[]): ReportDecision['kind'] {
  if (faults.some(({ at }) => at === 'report.mnonce')) return 'replayed';
  return faults.length > 0 ? 'other-guest' : 'proven';
}
