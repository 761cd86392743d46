import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import { simRoots } from '../../testing/sim-roots.ts';
import { SevError } from '../../errors.ts';
import { fromHex, toHex } from '../../bytes/text.ts';
import { encodeAttestationReport, parseAttestationReport } from '../formats/attestation-report.ts';
import { parseCertChain } from '../formats/cert-chain.ts';
import { verifyAttestationReport } from './attestation-report.ts';
import { verifyCertChain } from './cert-chain.ts';
import { REPORT_LEAVES_UNPROVEN } from './report-unproven.ts';

interface Case {
  pek: string;
  mnonce: string;
  digest: string;
  policy: number;
  report: string;
}
interface Rejected {
  pek: string;
  report: string;
  reason: string;
  why: string;
  want: { mnonce?: string; digest?: string; policy?: number };
}

/** The reference's reasons in our codes. */
const CODES: Record<string, string> = {
  'sig.bad': 'CERT_SIGNATURE at report.signature',
  'report.usage': 'CERT_REPORT at report.usage',
  'report.algo': 'CERT_REPORT at report.algorithm',
  'report.reserved': 'BYTES_RESERVED at report.reserved',
  'sig.pad': 'BYTES_RESERVED at report.signature.r.high',
  'report.size': 'BYTES_LENGTH at report',
  'report.mnonce': 'CERT_REPORT at report.mnonce',
  'report.launch_digest': 'CERT_REPORT at report.launchDigest',
  'report.policy': 'CERT_REPORT at report.policy',
};

describeWithVectors('An attestation report', () => {
  const { cases, rejected } = vectorJson<{ cases: Case[]; rejected: Rejected[] }>('attestation-report.json');
  const verifyPlatform = () => verifyCertChain(parseCertChain(vectorBytes('sim/full_chain.cert')), simRoots());
  const expectationOf = (fields: { mnonce: string; digest?: string; policy?: number }) => ({
    mnonce: fromHex(fields.mnonce),
    launchDigest: fields.digest === undefined ? undefined : fromHex(fields.digest),
    policy: fields.policy,
  });

  it('speaks of the PEK of the simulated platform', async () => {
    expect([...cases, ...rejected].every(({ pek }) => pek === 'sim/pek.cert')).toBe(true);
    expect((await verifyPlatform()).chain.pek.bytes).toEqual(vectorBytes('sim/pek.cert'));
  });

  it('of a platform that only looks verified is believed by nobody', async () => {
    const [{ report, ...fields }] = cases as [Case];
    const lookAlike = { ...(await verifyPlatform()), simulated: false };
    const verified = verifyAttestationReport(parseAttestationReport(fromHex(report)), lookAlike, expectationOf(fields));
    await expect(verified).rejects.toThrow('MEASURE_NOT_VERIFIED at platform');
  });

  it.each(cases)('is verified: policy $policy', async ({ report, ...fields }) => {
    const parsed = parseAttestationReport(fromHex(report));
    expect([toHex(parsed.mnonce), toHex(parsed.launchDigest), parsed.policy]).toEqual([
      fields.mnonce,
      fields.digest,
      fields.policy,
    ]);
    expect(toHex(encodeAttestationReport(parsed))).toBe(report);
    const verified = await verifyAttestationReport(parsed, await verifyPlatform(), expectationOf(fields));
    expect([verified.unchecked, verified.simulated]).toEqual([[], true]);
  });

  it.each(rejected)('is refused: $why', async ({ report, reason, want }) => {
    // What the case does not ask for is what the report says, so that only its own fault can refuse it.
    const said = { mnonce: report.slice(0, 32), digest: report.slice(32, 96) };
    const verify = async () =>
      verifyAttestationReport(
        parseAttestationReport(fromHex(report)),
        await verifyPlatform(),
        expectationOf({ ...said, ...want }),
      );
    const error = await verify().then(
      () => undefined,
      (cause: unknown) => cause as SevError,
    );
    expect(error).toBeInstanceOf(SevError);
    expect(error?.message.split(': ')[0]).toBe(CODES[reason]);
  });

  it('says what was not compared', async () => {
    const [{ report, mnonce }] = cases as [Case];
    const verified = await verifyAttestationReport(parseAttestationReport(fromHex(report)), await verifyPlatform(), {
      mnonce: fromHex(mnonce),
    });
    expect(verified.unchecked).toEqual(['launchDigest', 'policy']);
    expect(REPORT_LEAVES_UNPROVEN.map(({ sentence }) => sentence).join(' ')).toContain('another guest');
  });

  it('is refused when any bit is changed, or any byte is missing or added', async () => {
    const [{ report, ...fields }] = cases as [Case];
    const good = fromHex(report);
    const platform = await verifyPlatform();
    const refuses = async (bytes: Uint8Array): Promise<void> => {
      const verify = async () =>
        verifyAttestationReport(parseAttestationReport(bytes), platform, expectationOf(fields));
      await expect(verify()).rejects.toBeInstanceOf(SevError);
    };
    for (let offset = 0; offset < good.length; offset++) {
      const changed = good.slice();
      changed[offset]! ^= 1 << (offset % 8);
      await refuses(changed);
    }
    const lengths = fc.integer({ min: 0, max: 420 }).filter((length) => length !== good.length);
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => {
        const other = new Uint8Array(length);
        other.set(good.subarray(0, length));
        await refuses(other);
      }),
    );
  });

  it('does not believe fields that differ from the bytes', async () => {
    const [{ report, ...fields }] = cases as [Case];
    const parsed = { ...parseAttestationReport(fromHex(report)), policy: 7 };
    const verified = await verifyAttestationReport(parsed, await verifyPlatform(), expectationOf(fields));
    expect(verified.report.policy).toBe(fields.policy);
  });
});
