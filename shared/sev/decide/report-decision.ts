// Is this attestation report the one that was asked for? Every finding, and always what no report proves.
import { SevError } from '../../errors.ts';
import { type AttestationReport, parseAttestationReport } from '../formats/attestation-report.ts';
import { showPolicy } from '../formats/policy.ts';
import { type ExpectedReport, reportFaults, verifyReportSignature } from '../verify/attestation-report.ts';
import type { TrustedPdh } from '../verify/cert-chain.ts';
import { REPORT_LEAVES_UNPROVEN } from '../verify/report-unproven.ts';
import { type Finding, findingOf } from '../../findings/finding.ts';

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
    const found = faults.length > 0 ? faults.map((fault) => differing(fault, report, asked)) : ALL_EQUAL;
    return { kind: kindOf(faults), simulated, findings: [...found, ...REPORT_UNPROVEN] };
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

const ok = (code: string, sentence: string): Finding => ({ code, severity: 'ok', sentence });

/** Said only all together: of a report that is refused, nothing counts as proven. */
const ALL_EQUAL: readonly Finding[] = [
  ok('REPORT_SIGNED', "The report is signed by this platform's key (PEK)."),
  ok('REPORT_FRESH', 'It was made for the nonce of the request, and so after it.'),
  ok('REPORT_DIGEST_EQUAL', 'Its launch digest is the one that you expect.'),
  ok('REPORT_POLICY_EQUAL', "Its policy is your session's."),
];

/** Nobody is asked to compare a nonce or a digest by eye; a policy is read in words. */
const differing = (fault: SevError, report: AttestationReport, asked: AskedOf): Finding =>
  fault.at === 'report.policy'
    ? findingOf(fault, { expected: showPolicy(asked.policy), actual: showPolicy(report.policy) })
    : findingOf(fault);

function kindOf(faults: readonly SevError[]): ReportDecision['kind'] {
  if (faults.some(({ at }) => at === 'report.mnonce')) return 'replayed';
  return faults.length > 0 ? 'other-guest' : 'proven';
}
