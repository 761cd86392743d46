// Whether an attestation report comes from a trusted platform and says what is expected.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { bothRadices } from '../../bytes/number.ts';
import { verifyEcdsa } from '../../crypto/signatures.ts';
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
  const report = await verifyReportSignature(given, platform);
  const [first] = reportFaults(report, expected);
  if (first) throw first;
  const { launchDigest, policy } = expected;
  const unchecked = [launchDigest ? [] : ['launchDigest'], policy === undefined ? ['policy'] : []].flat();
  return { report, simulated: platform.simulated, unchecked } as unknown as VerifiedReport;
}

/**
 * That this platform's PEK signed the report, and nothing else of it.
 *
 * @returns the report as it was signed
 * @throws SevError CERT_SIGNATURE, MEASURE_NOT_VERIFIED for a platform that no chain was verified for
 */
export async function verifyReportSignature(
  given: AttestationReport,
  platform: TrustedPdh,
): Promise<AttestationReport> {
  // The type asks for it already; this holds where types do not reach.
  if (!isTrustedPdh(platform)) throw new SevError('MEASURE_NOT_VERIFIED', { at: 'platform' });
  // Read anew from its bytes: a copy in which no field can differ from what was signed.
  const report = parseAttestationReport(given.bytes);
  await requireSignature(report, platform);
  return report;
}

/** Each way in which a signed report is not the one that was asked for: CERT_REPORT at its field. */
export function reportFaults(report: AttestationReport, expected: ExpectedReport): readonly SevError[] {
  const { mnonce, launchDigest, policy } = expected;
  return [
    equalBytes(report.mnonce, mnonce) ? [] : fault('mnonce', REPLAYED),
    !launchDigest || equalBytes(report.launchDigest, launchDigest) ? [] : fault('launchDigest', OTHER_GUEST, COMPARE),
    policy === undefined || report.policy === policy
      ? []
      : fault('policy', otherPolicy(report.policy, policy), LAUNCH_AGAIN),
  ].flat();
}

const REPLAYED = 'The report was made for another nonce: it is an old one, or the answer to somebody else.';
const OTHER_GUEST = 'The report is of a guest that was loaded with something else than you expect.';
/** For these a newer report would say the same again. */
const COMPARE =
  'Give this guest no secret. Compare your guest image, kernel and vCPUs with those that the host was given.';
const LAUNCH_AGAIN = 'Give this guest no secret, and have it launched again with your session and its policy.';
const otherPolicy = (actual: number, expected: number): string =>
  `The guest of this report runs under policy ${bothRadices(actual)}, not ${bothRadices(expected)}.`;

async function requireSignature(report: AttestationReport, { chain }: TrustedPdh): Promise<void> {
  if (await verifyEcdsa(chain.pek.publicKey, 'SHA-256', report.signature, report.signedBody)) return;
  const sentence = "The report is not signed by this platform's key (PEK).";
  const next = 'Do not rely on it. If the PEK was renewed since, ask for the chain and for a report again.';
  throw new SevError('CERT_SIGNATURE', { at: 'report.signature', sentence, next });
}

const fault = (field: string, sentence: string, next?: string): SevError =>
  new SevError('CERT_REPORT', { at: `report.${field}`, sentence, ...(next !== undefined && { next }) });
