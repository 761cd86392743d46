import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex } from '../../bytes/text.ts';
import { asOf, evidenceOf, rootsOf, snpCases } from '../../testing/snp-vectors.ts';
import { describeWithVectors } from '../../testing/vectors.ts';
import { type VerifiedReport, verifySnpEvidence } from '../verify/report.ts';
import { decideSnpReport } from './decision.ts';
import type { Reference, SnpExpectation } from './expectation.ts';
import { SNP_UNPROVEN } from './unproven.ts';

const NOW = new Date('2026-07-01T00:00:00Z');
const own = <T>(value: T): Reference<T> => ({ value, origin: 'typed-here' });
const claimed = <T>(value: T): Reference<T> => ({ value, origin: 'claimed:host' });

async function verify(name: string): Promise<VerifiedReport> {
  const given = [...snpCases('real'), ...snpCases('sim')].find((candidate) => candidate.name === name)!;
  return verifySnpEvidence(evidenceOf(given), await rootsOf(given), asOf(given));
}

describeWithVectors('Deciding on an SNP report', () => {
  let verified: VerifiedReport;
  let all: SnpExpectation;

  beforeAll(async () => {
    verified = await verify('milan-full');
    const { report } = verified;
    all = {
      reportData: [own(report.reportData)],
      measurement: [own(report.measurement)],
      hostData: [own(report.hostData)],
      chipId: 'any',
      signedBy: { idKeys: [{ ...own(report.idKeyDigest), name: 'laptop' }], authorKeys: [] },
      policyBits: own({ mask: 0xffffffffffffffffn, value: report.policyValue }),
      platformBits: 'any',
      minTcb: own({ snp: 24 }),
      minFirmware: own({ major: 1, minor: 55, build: 40 }),
      mitigations: 'any',
      revocation: 'any',
    };
  });

  const decide = (expectation: SnpExpectation) => decideSnpReport(verified, expectation, NOW);
  const severities = (expectation: SnpExpectation, code: string) =>
    decide(expectation)
      .findings.filter((finding) => finding.code === code)
      .map(({ severity }) => severity);

  it('proves what was asked whole, and says what no report proves', () => {
    const { kind, findings } = decide(all);
    expect(findings.filter(({ severity }) => severity === 'refused' || severity === 'unchecked')).toEqual([]);
    expect(kind).toBe('proven');
    for (const note of SNP_UNPROVEN) expect(findings).toContain(note);
  });

  it('is not proven while any one thing was not asked, and then nothing is green', () => {
    for (const field of Object.keys(all) as (keyof SnpExpectation)[]) {
      const { [field]: _left, ...rest } = all;
      const { kind, findings } = decide(rest);
      expect(kind, field).toBe('incomplete');
      expect(
        findings.some(({ severity }) => severity === 'ok'),
        field,
      ).toBe(false);
    }
    expect(decide({}).kind).toBe('incomplete');
  });

  it('proves nothing of a guest that the host can debug, though it was allowed', async () => {
    const debugged = await verify('milan-debug');
    const anything: SnpExpectation = {
      ...{ reportData: 'any', measurement: 'any', hostData: 'any', chipId: 'any', signedBy: 'any', vmpl: 'any' },
      ...{ policyBits: 'any', platformBits: 'any', minTcb: 'any', minFirmware: 'any', mitigations: 'any' },
      revocation: 'any',
    };
    const kinds = [false, true].map((allowDebug) => decideSnpReport(debugged, { ...anything, allowDebug }, NOW).kind);
    expect(kinds).toEqual(['refused', 'incomplete']);
    expect(decideSnpReport(verified, { ...anything, allowDebug: true }, NOW).kind).toBe('proven');
  });

  it('takes an empty floor, mask or list for what it is: nothing was asked', () => {
    const empty: readonly Partial<SnpExpectation>[] = [
      { minTcb: own({}) },
      { mitigations: own(0n) },
      { policyBits: own({ mask: 0n, value: 0n }) },
      { platformBits: own({ mask: 0n, value: 0n }) },
      { measurement: [] },
    ];
    for (const wish of empty) expect(decide({ ...all, ...wish }).kind, Object.keys(wish).join()).toBe('incomplete');
  });

  it('lets no claim decide, whether it is equal or not', () => {
    const { report } = verified;
    const wishes: readonly Partial<SnpExpectation>[] = [
      { measurement: [claimed(report.measurement)] },
      { measurement: [claimed(new Uint8Array(48))] },
      { reportData: [claimed(report.reportData)] },
      { minTcb: claimed({ snp: 1 }) },
      { minTcb: claimed({ snp: 255 }) },
      { policyBits: claimed({ mask: 1n, value: 0n }) },
      { signedBy: { idKeys: [claimed(report.idKeyDigest)], authorKeys: [] } },
    ];
    for (const wish of wishes)
      expect(decide({ ...all, ...wish }).kind, JSON.stringify(Object.keys(wish))).toBe('incomplete');
    const both = { measurement: [claimed(new Uint8Array(48)), own(report.measurement)] };
    expect(decide({ ...all, ...both }).kind).toBe('proven');
    const confirmed = { measurement: [{ value: report.measurement, origin: 'confirmed:file' as const }] };
    expect(decide({ ...all, ...confirmed }).kind).toBe('proven');
  });

  it('gathers every refusal, not the first alone', () => {
    const { kind, findings } = decide({
      ...all,
      measurement: [own(new Uint8Array(48))],
      hostData: [own(new Uint8Array(32).fill(9))],
      minTcb: own({ snp: 200, fmc: 0 }),
      vmpl: own(2),
    });
    const codes = findings.filter(({ severity }) => severity === 'refused').map(({ code }) => code);
    expect(kind).toBe('refused');
    expect(codes).toEqual([
      'SNP_FIELD_OTHER',
      'SNP_FIELD_OTHER',
      'SNP_VMPL',
      ...Array.from({ length: 4 }, () => 'SNP_TCB_BELOW'),
    ]);
  });

  it('takes the author key where the ID key is not known', () => {
    const { report } = verified;
    const byAuthor = { idKeys: [], authorKeys: [own(report.authorKeyDigest)] };
    expect(severities({ ...all, signedBy: byAuthor }, 'SNP_AUTHORED_BY_YOU')).toEqual(['ok']);
    const byOther = { idKeys: [own(new Uint8Array(48).fill(1))], authorKeys: [own(new Uint8Array(48))] };
    expect(severities({ ...all, signedBy: byOther }, 'SNP_SIGNED_BY_UNKNOWN')).toEqual(['refused']);
  });

  it('knows no one by a digest of zeros', async () => {
    const plain = await verify('milan-v2-a');
    const zeros = { idKeys: [own(new Uint8Array(48))], authorKeys: [own(new Uint8Array(48))] };
    const codes = (expectation: SnpExpectation) =>
      decideSnpReport(plain, expectation, NOW).findings.map(({ code, severity }) => `${severity} ${code}`);
    expect(codes({ signedBy: zeros })).toContain('refused SNP_NOT_SIGNED');
    expect(codes({ signedBy: 'any' })).toContain('note SNP_NOT_SIGNED');
    expect(codes({})).toContain('unchecked SNP_NOT_SIGNED');
  });

  it('warns of contents of an ID block that anyone may have signed', () => {
    const { signedBy: _, ...rest } = all;
    const familyId = [own(verified.report.familyId)];
    expect(severities({ ...rest, familyId }, 'SNP_ID_FIELDS_ANYONES')).toEqual(['warning']);
    expect(severities({ ...all, familyId }, 'SNP_ID_FIELDS_ANYONES')).toEqual([]);
  });

  it('refuses a report of a lower level unless it was asked for', async () => {
    const low = await verify('milan-vmpl1');
    const kinds = [undefined, own(1), 'any' as const, own(0), claimed(1)].map(
      (vmpl) => decideSnpReport(low, vmpl ? { vmpl } : {}, NOW).kind,
    );
    expect(kinds).toEqual(['refused', 'incomplete', 'incomplete', 'refused', 'refused']);
  });

  it('tells what a hidden chip means under either key', async () => {
    const codes = async (name: string) =>
      decideSnpReport(await verify(name), {}, NOW)
        .findings.map(({ code }) => code)
        .filter((code) => code.startsWith('SNP_CHIP'));
    expect(await codes('milan-v3')).toEqual([]);
    expect(await codes('milan-masked')).toEqual(['SNP_CHIP_MASKED']);
    expect(await codes('milan-vlek')).toEqual(['SNP_CHIP_UNNAMED']);
    expect(await codes('milan-vlek-unmasked')).toEqual(['SNP_CHIP_FIRMWARES_WORD']);
  });

  it('names the provider of a VLEK, and takes only the one that was asked for', async () => {
    const vlek = await verify('milan-v3-vlek');
    const kinds = ['CN=cc-us-east-2.amazonaws.com', 'CN=elsewhere'].map((name) => {
      const { findings } = decideSnpReport(vlek, { cspId: [own(name)] }, asOf({} as never));
      return findings.some(({ severity, code }) => severity === 'refused' && code === 'SNP_FIELD_OTHER');
    });
    expect(kinds).toEqual([false, true]);
  });

  it('says that a date before now is the word of whoever chose it', () => {
    const later = new Date('2027-01-01T00:00:00Z');
    const codes = (now: Date) => decideSnpReport(verified, all, now).findings.map(({ code }) => code);
    expect(codes(NOW)).not.toContain('SNP_AS_OF');
    expect(codes(later)).toContain('SNP_AS_OF');
  });

  it('asks for a list of revoked certificates where the owner requires one', async () => {
    const severity = async (name: string, revocation?: 'required' | 'any') =>
      decideSnpReport(await verify(name), revocation ? { revocation } : {}, NOW).findings.find(({ code }) =>
        code.startsWith('SNP_REVOCATION'),
      )?.severity;
    expect(await severity('milan-v3', 'required')).toBe('refused');
    expect(await severity('milan-v3', 'any')).toBe('note');
    expect(await severity('milan-v3')).toBe('unchecked');
    expect(await severity('crl-empty', 'required')).toBe('note');
  });

  it('decides on nothing that was not verified', () => {
    expect(() => decideSnpReport({ ...verified }, all, NOW)).toThrow(
      expect.objectContaining({ code: 'MEASURE_NOT_VERIFIED' }),
    );
  });

  describe('every sentence', () => {
    it('is a sentence', () => {
      const expectations: readonly SnpExpectation[] = [all, {}, { measurement: [own(fromHex('00'))] }];
      for (const { sentence, next } of expectations.flatMap((expectation) => decide(expectation).findings)) {
        for (const text of [sentence, next ?? 'Yes.']) expect(text).toMatch(/^[A-Z].*\.$/s);
      }
    });
  });
});
