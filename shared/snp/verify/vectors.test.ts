import { describe, expect, it } from 'vitest';
import { type ErrorCode, SevError } from '../../errors.ts';
import { parseSnpReport } from '../formats/report.ts';
import { asOf, evidenceOf, flipped, rootsOf, snpCases, type SnpCase } from '../../testing/snp-vectors.ts';
import { describeWithVectors } from '../../testing/vectors.ts';
import { verifySnpEvidence, verifySnpReport } from './report.ts';
import { verifyVek } from './vek-chain.ts';

/** What the vectors call a refusal, and our codes for it. Another order of checks may meet another fault first; each is named. */
const CODES: Readonly<Record<string, readonly ErrorCode[]>> = {
  'report.size': ['BYTES_LENGTH'],
  'report.version': ['SNP_REPORT_VERSION'],
  'report.algorithm': ['SNP_REPORT_FORM'],
  'report.host': ['SNP_REPORT_BY_HOST'],
  'report.vmpl': ['SNP_REPORT_FORM'],
  'report.policy': ['SNP_POLICY'],
  'report.unsigned': ['SNP_REPORT_UNSIGNED'],
  'report.keyinfo': ['SNP_REPORT_FORM'],
  'report.reserved': ['SNP_REPORT_FORM'],
  'report.tcb': ['SNP_REPORT_FORM', 'SNP_REPORT_PRODUCT'],
  'report.signature.form': ['SNP_REPORT_FORM', 'BYTES_RESERVED'],
  'report.signature.range': ['SNP_REPORT_FORM'],
  'report.signature': ['SNP_REPORT_SIGNATURE'],
  'report.cpuid': ['SNP_REPORT_PRODUCT'],
  'vek.product': ['SNP_CERT_PRODUCT'],
  'vek.hwid': ['SNP_CERT_CHIP', 'CERT_EXTENSION', 'CERT_SIGNATURE'],
  'vek.tcb': ['SNP_CERT_TCB'],
  'vek.kind': ['SNP_CERT_KIND', 'CERT_CHAIN_INCOMPLETE'],
  'vek.extension': ['CERT_EXTENSION', 'CERT_DER'],
  'vek.critical': ['CERT_EXTENSION'],
  'vek.name': ['CERT_NAME'],
  'vek.key': ['CERT_KEY'],
  'vek.signature': ['CERT_SIGNATURE'],
  'vek.expired': ['CERT_EXPIRED'],
  'vek.notyet': ['CERT_NOT_YET'],
  'cert.der': ['CERT_DER'],
  'cert.version': ['CERT_DER'],
  'cert.key': ['CERT_KEY', 'CERT_POINT'],
  'cert.algorithm': ['CERT_ALGORITHM'],
  'cert.extension.duplicate': ['CERT_EXTENSION'],
  'chain.signer': ['CERT_CHAIN_INCOMPLETE'],
  'chain.root': ['CERT_CHAIN_INCOMPLETE'],
  'root.unknown': ['CERT_ROOT_UNKNOWN'],
  'root.expired': ['CERT_EXPIRED'],
  'root.constraints': ['CERT_CA'],
  'root.signature': ['CERT_SIGNATURE'],
  'ask.signature': ['CERT_SIGNATURE'],
  'ask.constraints': ['CERT_CA'],
  'ask.critical': ['CERT_EXTENSION'],
  'ask.expired': ['CERT_EXPIRED'],
  'ask.notyet': ['CERT_NOT_YET'],
  'crl.revoked': ['CERT_REVOKED'],
  'crl.stale': ['CERT_CRL_STALE'],
  'crl.notyet': ['CERT_CRL_NOT_YET'],
  'crl.nextupdate': ['CERT_CRL'],
  'crl.signature': ['CERT_CRL'],
  'crl.issuer': ['CERT_CRL'],
  'crl.critical': ['CERT_CRL'],
  'crl.algorithm': ['CERT_ALGORITHM'],
};

async function judge(given: SnpCase, evidence = evidenceOf(given)): Promise<void> {
  const roots = await rootsOf(given);
  if (given.kind === 'report') parseSnpReport(evidence.report);
  else if (given.kind === 'chain') await verifyVek(evidence, roots, asOf(given));
  else await verifySnpEvidence(evidence, roots, asOf(given));
}

describeWithVectors('SNP reports and their chains', () => {
  const cases = [...snpCases('real'), ...snpCases('negative'), ...snpCases('sim')];
  // What the owner asks for is judged by decide's test.
  const verifies = (given: SnpCase) => given.expect === 'valid' || given.reason!.startsWith('policy.');

  it.each(cases.filter(verifies))('$name verifies', async (given) => {
    await judge(given);
  });

  it.each(cases.filter((given) => !verifies(given) && !given.flip_each))('$name: $reason', async (given) => {
    const error = await judge(given).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(SevError);
    expect(CODES[given.reason!]).toContain((error as SevError).code);
  });

  describe('One byte changed', () => {
    it.each(cases.filter(({ flip_each }) => flip_each))(
      '$name',
      async (given) => {
        const { of, from, to, xor } = given.flip_each!;
        const evidence = evidenceOf(given);
        // Where only the report changes, its chain is verified once.
        const trusted = await verifyVek(evidence, await rootsOf(given), asOf(given));
        const attempt = (changed: typeof evidence) =>
          of === 'report' ? verifySnpReport(changed.report, trusted) : judge(given, changed);
        for (let offset = from; offset < to; offset++) {
          for (const mask of xor) {
            const answer = attempt(flipped(evidence, of, offset, mask));
            await expect(answer, `${offset} ^ ${mask}`).rejects.toBeInstanceOf(SevError);
          }
        }
      },
      120_000,
    );
  });
});
