// Whether an SNP report was signed by a trusted key, and that key is this report's own. SNP report specification part 6: form,
// chain, fit, signature, in this order. What the owner expects is decide's question.
import { SevError } from '../../errors.ts';
import { equalBytes, isZero } from '../../bytes/equal.ts';
import { verifyEcdsa } from '../../crypto/signatures.ts';
import type { PinnedRoot } from '../../trust/pinned-root.ts';
import { parseSnpReport, type SnpReport } from '../formats/report.ts';
import { layoutOf, sameTcb, type TcbLayout } from '../formats/tcb.ts';
import type { Vek } from '../formats/vek.ts';
import { isTrustedVek, type SnpChain, type TrustedVek, verifyVek } from './vek-chain.ts';
import { FIT_WORDS } from './words.ts';

declare const brand: unique symbol;

/** A report that its own chip's or provider's key signed. Its fields are true as far as the AMD-SP is honest. */
export interface VerifiedReport {
  readonly [brand]: true;
  readonly report: SnpReport;
  readonly vek: TrustedVek;
  readonly simulated: boolean;
  readonly layout: TcbLayout;
  /** CHIP_ID is zero (MASK_CHIP_ID). Under a VCEK the certificate names the chip all the same. */
  readonly chipMasked: boolean;
}

/**
 * Verifies a report with everything that came with it.
 * @throws SevError the first fault in the specification's order: of the report's form, then as `verifyVek`, `fitFaults`, and
 *   SNP_REPORT_SIGNATURE
 */
export async function verifySnpEvidence(
  evidence: SnpChain & { readonly report: Uint8Array },
  roots: readonly PinnedRoot[],
  asOf: Date,
): Promise<VerifiedReport> {
  parseSnpReport(evidence.report);
  return verifySnpReport(evidence.report, await verifyVek(evidence, roots, asOf));
}

/**
 * Verifies a report with a key that was verified before.
 *
 * @param bytes as received: nothing is decoded and written again before its signature is checked
 * @throws SevError of the report's form; SNP_CERT_KIND, SNP_CERT_PRODUCT, SNP_CERT_TCB, SNP_CERT_CHIP, SNP_REPORT_PRODUCT;
 *   SNP_REPORT_SIGNATURE; MEASURE_NOT_VERIFIED for a key that no chain was verified for
 */
export async function verifySnpReport(bytes: Uint8Array, vek: TrustedVek): Promise<VerifiedReport> {
  // The type asks for it already; this holds where types do not reach.
  if (!isTrustedVek(vek)) throw new SevError('MEASURE_NOT_VERIFIED', { at: 'vek' });
  const report = parseSnpReport(bytes);
  const [first] = fitFaults(report, vek.vek);
  if (first) throw first;
  if (!(await verifyEcdsa(vek.vek.publicKey, 'SHA-384', report.signature, report.signedBody))) {
    throw new SevError('SNP_REPORT_SIGNATURE', { at: 'report.signature' });
  }
  const layout = layoutOf(vek.product);
  const made = Object.freeze({
    report,
    vek,
    simulated: vek.simulated,
    layout,
    chipMasked: isZero(report.chipId),
  }) as VerifiedReport;
  verified.add(made);
  return made;
}

const verified = new WeakSet<VerifiedReport>();

/** Whether a value came from this file. */
export const isVerifiedReport = (value: VerifiedReport): boolean => verified.has(value);

/**
 * Each way in which a certificate is not the one for this report. SNP certificate specification part 4.
 * @returns SNP_CERT_KIND, SNP_CERT_PRODUCT or SNP_REPORT_PRODUCT, SNP_CERT_TCB, SNP_CERT_CHIP; none when it fits
 */
export function fitFaults(report: SnpReport, vek: Vek): readonly SevError[] {
  const faults: SevError[] = [];
  const add = (
    code: 'SNP_CERT_KIND' | 'SNP_CERT_PRODUCT' | 'SNP_REPORT_PRODUCT' | 'SNP_CERT_TCB' | 'SNP_CERT_CHIP',
    at: string,
    because: string,
  ): void => void faults.push(new SevError(code, { at, because }));
  if (vek.kind !== report.signingKey)
    add('SNP_CERT_KIND', 'report.keyInfo', FIT_WORDS.kind(report.signingKey, vek.kind));
  if (!report.product && vek.structVersion === 1) {
    add('SNP_REPORT_PRODUCT', 'report.version', FIT_WORDS.version2Turin());
  } else if (report.product && report.product !== vek.product) {
    add('SNP_CERT_PRODUCT', 'report.cpuid', productWords(report, vek));
  }
  if (!sameTcb(report.reportedTcb, vek.tcb)) {
    add('SNP_CERT_TCB', 'report.reportedTcb', FIT_WORDS.tcb(report.reportedTcb, vek.tcb));
  } else if (vek.spareSpls.some((level) => level !== 0)) {
    add('SNP_CERT_TCB', 'report.reportedTcb', FIT_WORDS.spareSpl());
  }
  if (vek.hwId && !isZero(report.chipId) && !isChip(report.chipId, vek.hwId)) {
    add('SNP_CERT_CHIP', 'report.chipId', FIT_WORDS.chip());
  }
  return faults;
}

/** 64 bytes; on Turin 8, and then zeros. */
const isChip = (chipId: Uint8Array, hwId: Uint8Array): boolean =>
  equalBytes(chipId.subarray(0, hwId.length), hwId) && isZero(chipId.subarray(hwId.length));

const productWords = ({ product }: SnpReport, { product: other, productName }: Vek): string =>
  FIT_WORDS.product(product!, other ?? productName);
