// Whether an attestation report comes from a trusted platform and says what is expected, and what it leaves unproven.
import { SevError } from '../errors.ts';
import { equalBytes } from '../bytes/equal.ts';
import { bothRadices } from '../bytes/number.ts';
import { verifyEcdsa } from '../crypto/signatures.ts';
import { type AttestationReport, parseAttestationReport } from '../formats/attestation-report.ts';
import { isTrustedPdh, type TrustedPdh } from './cert-chain.ts';

export interface ExpectedReport {
  /** The 16 bytes that were just sent; a report with others is an old one. */
  readonly mnonce: Uint8Array;
  /** Left out only to read a digest for finding out why a measurement differs. */
  readonly launchDigest?: Uint8Array | undefined;
  readonly policy?: number | undefined;
}

declare const brand: unique symbol;

/** A report that the platform's PEK signed for this nonce. */
export interface VerifiedReport {
  readonly [brand]: true;
  readonly report: AttestationReport;
  readonly simulated: boolean;
  /** What was not compared, because nothing was expected: never to be shown as checked. */
  readonly unchecked: readonly ('launchDigest' | 'policy')[];
}

/** What no attestation report proves, however right it is; to be said beside every verdict. */
export const REPORT_LEAVES_UNPROVEN: readonly { readonly code: string; readonly sentence: string }[] = [
  {
    code: 'REPORT_NOT_WHICH_GUEST',
    sentence:
      'It does not say which guest it is: the host can answer with the report of another guest that has the same digest and policy. Only your launch secret ties a guest to your session.',
  },
  {
    code: 'REPORT_NOT_FIRMWARE',
    sentence: "It does not contain the AMD-SP's API version and build; the launch measure does.",
  },
  {
    code: 'REPORT_NOT_NOW',
    sentence: 'It speaks of what was loaded at launch, and not of what the guest has done since.',
  },
];

/**
 * Verifies a report against a chain that was verified before.
 *
 * @throws SevError CERT_SIGNATURE when the PEK did not sign it; CERT_REPORT when nonce, digest or policy are not the
 *   expected ones; MEASURE_NOT_VERIFIED for a platform that no chain was verified for
 */
export async function verifyAttestationReport(
  given: AttestationReport,
  platform: TrustedPdh,
  expected: ExpectedReport,
): Promise<VerifiedReport> {
  // The type asks for it already; this holds where types do not reach.
  if (!isTrustedPdh(platform)) throw new SevError('MEASURE_NOT_VERIFIED', { at: 'platform' });
  // Read anew from its bytes: a copy in which no field can differ from what was signed.
  const report = parseAttestationReport(given.bytes);
  await requireSignature(report, platform);
  requireSame(equalBytes(report.mnonce, expected.mnonce), 'mnonce', REPLAYED);
  const { launchDigest, policy } = expected;
  if (launchDigest) requireSame(equalBytes(report.launchDigest, launchDigest), 'launchDigest', OTHER_GUEST);
  if (policy !== undefined) requireSame(report.policy === policy, 'policy', otherPolicy(report.policy, policy));
  const unchecked = [launchDigest ? [] : ['launchDigest'], policy === undefined ? ['policy'] : []].flat();
  return { report, simulated: platform.simulated, unchecked } as unknown as VerifiedReport;
}

const REPLAYED = 'The report was made for another nonce: it is an old one, or the answer to somebody else.';
const OTHER_GUEST = 'The report is of a guest that was loaded with something else than you expect.';
const otherPolicy = (actual: number, expected: number): string =>
  `The guest of this report runs under policy ${bothRadices(actual)}, not ${bothRadices(expected)}.`;

async function requireSignature(report: AttestationReport, { chain }: TrustedPdh): Promise<void> {
  if (await verifyEcdsa(chain.pek.publicKey, 'SHA-256', report.signature, report.signedBody)) return;
  const sentence = "The report is not signed by this platform's key (PEK).";
  const next = 'Do not rely on it. If the PEK was renewed since, ask for the chain and for a report again.';
  throw new SevError('CERT_SIGNATURE', { at: 'report.signature', sentence, next });
}

function requireSame(isSame: boolean, field: string, sentence: string): void {
  if (!isSame) throw new SevError('CERT_REPORT', { at: `report.${field}`, sentence });
}
