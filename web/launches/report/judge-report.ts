// Judging an attestation report; loaded with the first one, since all of the chain's cryptography comes with it.
import { type AskedOf, decideReport, type ReportDecision } from '../../../shared/sev/decide/report-decision.ts';
import { parseCertChain } from '../../../shared/sev/formats/cert-chain.ts';
import { verifyCertChain } from '../../../shared/sev/verify/cert-chain.ts';
import type { ProfileName } from '../../profile/profile.ts';
import { rootsOf } from '../../profile/roots.ts';

/**
 * @param chain of the launch, in sevctl's order; verified anew, and its PEK is the one that must have signed
 * @param report as it came
 * @throws SevError CERT_* when the chain does not verify
 */
export async function judgeReport(
  chain: Uint8Array,
  report: Uint8Array,
  asked: AskedOf,
  profile: ProfileName,
): Promise<ReportDecision> {
  return decideReport(report, await verifyCertChain(parseCertChain(chain), await rootsOf(profile)), asked);
}
