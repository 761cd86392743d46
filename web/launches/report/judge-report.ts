// Judging an attestation report; loaded with the first one, since all of the chain's cryptography comes with it.
import { type AskedOf, decideReport, type ReportDecision } from '../../../shared/sev/decide/report-decision.ts';
import { parseCertChain } from '../../../shared/sev/formats/cert-chain.ts';
import { AMD_ROOTS } from '../../../shared/trust/amd-roots.ts';
import { SIMULATED_ROOT } from '../../../shared/trust/simulated-root.ts';
import { verifyCertChain } from '../../../shared/sev/verify/cert-chain.ts';

const ROOTS = [...AMD_ROOTS, SIMULATED_ROOT];

/**
 * @param chain of the launch, in sevctl's order; verified anew, and its PEK is the one that must have signed
 * @param report as it came
 * @throws SevError CERT_* when the chain does not verify
 */
export async function judgeReport(chain: Uint8Array, report: Uint8Array, asked: AskedOf): Promise<ReportDecision> {
  return decideReport(report, await verifyCertChain(parseCertChain(chain), ROOTS), asked);
}
