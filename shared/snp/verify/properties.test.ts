import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SevError } from '../../errors.ts';
import { loadAmdAuthorities } from '../../trust/load-amd-snp-certificates.ts';
import { AMD_ROOTS } from '../../trust/amd-roots.ts';
import { asOf, evidenceOf, rootsOf, snpCases, type SnpEvidence } from '../../testing/snp-vectors.ts';
import { describeWithVectors, vectorBytes } from '../../testing/vectors.ts';
import { verifySnpEvidence, verifySnpReport } from './report.ts';
import { isTrustedVek, verifyVek } from './vek-chain.ts';

describeWithVectors('A genuine SNP report', () => {
  const cases = [...snpCases('real'), ...snpCases('sim')].filter(
    ({ kind, expect, crl, edits }) => !kind && expect === 'valid' && !crl && !edits,
  );
  const pick = fc.constantFrom(...cases);

  it('is refused with any bit of its signed body changed', async () => {
    const anyBit = fc.record({ given: pick, bit: fc.nat(672 * 8 - 1) });
    await fc.assert(
      fc.asyncProperty(anyBit, async ({ given, bit }) => {
        const evidence = evidenceOf(given);
        const report = evidence.report.slice();
        report[bit >> 3]! ^= 1 << (bit & 7);
        const verify = verifySnpEvidence({ ...evidence, report }, await rootsOf(given), asOf(given));
        await expect(verify).rejects.toBeInstanceOf(SevError);
      }),
      { numRuns: 200 },
    );
  });

  it('is refused when it, its certificate or an authority is cut or added to', async () => {
    const change = fc.record({
      given: pick,
      part: fc.constantFrom('report', 'vek', 'authorities'),
      by: fc.integer({ min: -1700, max: 40 }).filter((by) => by !== 0),
    });
    const resize = (bytes: Uint8Array, by: number): Uint8Array => {
      const other = new Uint8Array(Math.max(0, bytes.length + by));
      other.set(bytes.subarray(0, other.length));
      return other;
    };
    await fc.assert(
      fc.asyncProperty(change, async ({ given, part, by }) => {
        const evidence = evidenceOf(given);
        const changed: SnpEvidence =
          part === 'authorities'
            ? { ...evidence, authorities: evidence.authorities.map((bytes) => resize(bytes, by)) }
            : { ...evidence, [part]: resize(evidence[part], by) };
        const verify = verifySnpEvidence(changed, await rootsOf(given), asOf(given));
        await expect(verify).rejects.toBeInstanceOf(SevError);
      }),
      { numRuns: 200 },
    );
  });

  it('is refused with the certificate of any other, and the reason is named', async () => {
    const real = cases.filter(({ pins }) => !pins);
    const authorities = await loadAmdAuthorities();
    const trusted = await Promise.all(
      real.map((given) => verifyVek({ vek: evidenceOf(given).vek, authorities }, AMD_ROOTS, asOf(given))),
    );
    const NAMED = ['SNP_CERT_KIND', 'SNP_CERT_PRODUCT', 'SNP_REPORT_PRODUCT', 'SNP_CERT_TCB', 'SNP_CERT_CHIP'];
    for (const given of real) {
      const { report } = evidenceOf(given);
      for (const [i, vek] of trusted.entries()) {
        const fits = await verifySnpReport(report, vek).then(
          () => 'fits',
          (error: SevError) => error.code,
        );
        const own = trusted[real.indexOf(given)]!;
        // One chip's certificates of different days are for the same key.
        const isSameKey = vek.vek.publicKey.x.every((byte, at) => byte === own.vek.publicKey.x[at]);
        if (isSameKey) expect(fits).toBe('fits');
        else expect(NAMED, `${given.name} with ${real[i]!.name}`).toContain(fits);
      }
    }
  });

  it.each(cases.filter(({ pins }) => !pins))('$name verifies with its VCEK or VLEK alone, offline', async (given) => {
    const { report, vek } = evidenceOf(given);
    const authorities = await loadAmdAuthorities();
    const verified = await verifySnpEvidence({ report, vek, authorities }, AMD_ROOTS, asOf(given));
    expect(verified.simulated).toBe(false);
  });

  it('finds the right one among authorities of one name, whatever their order', async () => {
    const sim = snpCases('sim').find(({ name }) => name === 'milan-v3')!;
    const evidence = evidenceOf(sim);
    const decoys = ['ask-self-signed', 'ask-by-genoa-root', 'ask-expired'].map((name) =>
      vectorBytes(`snp/sim/negative/${name}.der`),
    );
    const roots = await rootsOf(sim);
    for (const authorities of [
      [...decoys, ...evidence.authorities],
      [...evidence.authorities, ...decoys],
    ]) {
      const { signer } = await verifyVek({ ...evidence, authorities }, roots, asOf(sim));
      expect(signer.bytes).toEqual(evidence.authorities[1]);
    }
  });

  it('is refused with any reserved byte set, by its form', async () => {
    const given = cases.find(({ name }) => name === 'milan-v3-a')!;
    const evidence = evidenceOf(given);
    const vek = await verifyVek(evidence, AMD_ROOTS, asOf(given));
    const RESERVED = [
      [0x04c, 0x050],
      [0x18b, 0x1a0],
      [0x1eb, 0x1ec],
      [0x1ef, 0x1f0],
      [0x1f8, 0x2a0],
      [0x2d0, 0x2e8],
      [0x318, 0x4a0],
      ...[0x38, 0x180, 0x1e0, 0x1f0].map((tcb) => [tcb + 2, tcb + 6]),
    ] as const;
    for (const [from, to] of RESERVED) {
      for (let offset = from; offset < to; offset++) {
        const report = evidence.report.slice();
        report[offset] = 1;
        const error = await verifySnpReport(report, vek).catch((fault: SevError) => fault.code);
        expect(['SNP_REPORT_FORM', 'BYTES_RESERVED'], String(offset)).toContain(error);
      }
    }
  });

  it('is judged with no look-alike of a trusted key', async () => {
    const given = cases[0]!;
    const evidence = evidenceOf(given);
    const vek = await verifyVek(evidence, await rootsOf(given), asOf(given));
    expect([isTrustedVek(vek), isTrustedVek({ ...vek })]).toEqual([true, false]);
    await expect(verifySnpReport(evidence.report, { ...vek })).rejects.toMatchObject({ code: 'MEASURE_NOT_VERIFIED' });
  });

  it('is not judged by a date that is none, nor with a heap of authorities', async () => {
    const given = cases[0]!;
    const evidence = evidenceOf(given);
    const roots = await rootsOf(given);
    await expect(verifyVek(evidence, roots, new Date('no'))).rejects.toMatchObject({ code: 'BYTES_VALUE' });
    const authorities = Array.from({ length: 33 }, () => evidence.authorities[0]!);
    await expect(verifyVek({ ...evidence, authorities }, roots, asOf(given))).rejects.toMatchObject({
      code: 'BYTES_TOO_LARGE',
    });
  });
});
