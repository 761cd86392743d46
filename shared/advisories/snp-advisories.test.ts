import { describe, expect, it } from 'vitest';
import { verifySnpEvidence } from '../snp/verify/report.ts';
import { asOf, evidenceOf, rootsOf, snpCases } from '../testing/snp-vectors.ts';
import { describeWithVectors } from '../testing/vectors.ts';
import { ADVISORIES_AS_OF } from './advisories-table.ts';
import { adviseOnSnp, recommendedSnpFloor, type SnpPlatform } from './snp-advisories.ts';
import { FLOORS_OF_OTHERS, SNP_ADVISORIES } from './snp-advisories-table.ts';

const NOW = new Date('2026-07-01T00:00:00Z');

async function verify(name: string): Promise<SnpPlatform> {
  const given = [...snpCases('real'), ...snpCases('sim')].find((candidate) => candidate.name === name)!;
  const { report, vek, simulated } = await verifySnpEvidence(evidenceOf(given), await rootsOf(given), asOf(given));
  return { report, product: vek.product, simulated };
}
const severityOf = (verified: SnpPlatform, id: string) =>
  adviseOnSnp(verified, NOW).find(({ code }) => code === `ADVISORY_${id}`)?.severity;

describeWithVectors('Advice on SNP platforms', () => {
  /** The same platform with some fields changed: what is judged here are numbers, not signatures. */
  const withFields = (verified: SnpPlatform, fields: Partial<SnpPlatform['report']>): SnpPlatform => ({
    ...verified,
    report: { ...verified.report, ...fields },
  });

  it.each([
    ['milan-v3-a', 0x17, 'warning'],
    ['milan-v3-a', 0x18, 'ok'],
    ['genoa-v3-a', 0x16, 'warning'],
    ['genoa-v3-a', 0x17, 'ok'],
    ['turin-v5-a', 0, undefined],
  ] as const)('EntrySign on %s with SNP %i: %s', async (name, snp, severity) => {
    const verified = await verify(name);
    const reportedTcb = { ...verified.report.reportedTcb, snp };
    expect(severityOf(withFields(verified, { reportedTcb }), 'CVE-2024-56161')).toBe(severity);
  });

  it.each([
    ['milan-v3-a', 21, 0x20n, 'warning'],
    ['milan-v3-a', 22, 0x20n, 'note'],
    ['milan-v3-a', 22, 0x1fn, 'warning'],
    ['genoa-v3-a', 37, 0x20n, 'warning'],
    ['genoa-v3-a', 38, 0x25n, 'note'],
    ['turin-v5-a', 61, 0n, undefined],
  ] as const)('BadRAM on %s with build %i and PLATFORM_INFO %s: %s', async (name, build, platformInfo, severity) => {
    const verified = await verify(name);
    const committed = { major: 1, minor: 55, build };
    expect(severityOf(withFields(verified, { committed, platformInfo }), 'CVE-2024-21944')).toBe(severity);
  });

  it('warns of BadFuse on Milan whatever its firmware, and there alone', async () => {
    const severities = await Promise.all(
      ['milan-v2-a', 'milan-v3-j', 'genoa-v5-a', 'turin-v5-a'].map(async (name) =>
        severityOf(await verify(name), 'arXiv:2605.12990'),
      ),
    );
    expect(severities).toEqual(['warning', 'warning', undefined, undefined]);
    const finding = adviseOnSnp(await verify('milan-v3-a'), NOW)[0];
    expect(finding?.sentence).toContain('No update and no floor helps');
  });

  it('says nothing about simulated hardware', async () => {
    const codes = adviseOnSnp(await verify('milan-v3'), NOW).map(({ code }) => code);
    expect(codes).toEqual(['ADVISORIES_SIMULATED']);
  });

  it('has an age, and warns when it is old', async () => {
    const verified = await verify('turin-v5-a');
    const age = (now: string) => adviseOnSnp(verified, new Date(now)).at(-1)?.code;
    expect([age(ADVISORIES_AS_OF), age('2027-06-11'), age('2027-06-12')]).toEqual([
      'ADVISORIES_AGE',
      'ADVISORIES_AGE',
      'ADVISORIES_OLD',
    ]);
  });

  it('speaks in sentences that name a source', async () => {
    for (const name of ['milan-v3-a', 'genoa-v5-a', 'turin-v5-a']) {
      for (const { sentence, next } of adviseOnSnp(await verify(name), NOW)) {
        expect(sentence).toMatch(/^[A-Z].*\.$/s);
        expect(sentence).not.toMatch(/undefined|\(\)/);
        if (next) expect(next).toMatch(/^[A-Z]/);
      }
    }
  });
});

describe('Floors for SNP', () => {
  it('shut out what a floor can, and say what none can', () => {
    expect(recommendedSnpFloor('Milan')).toEqual({
      minTcb: { snp: 0x18 },
      minFirmware: { major: 1, minor: 55, build: 22 },
      platformBits: 0x20n,
      unhelped: ['BadFuse'],
    });
    expect(recommendedSnpFloor('Genoa')).toEqual({
      minTcb: { snp: 0x17 },
      minFirmware: { major: 1, minor: 55, build: 38 },
      platformBits: 0x20n,
      unhelped: [],
    });
    expect(recommendedSnpFloor('Turin')).toEqual({ minTcb: {}, platformBits: 0n, unhelped: [] });
  });

  it('are offered from others by their names', () => {
    expect(FLOORS_OF_OTHERS.every(({ by, tcb, firmware }) => by && (tcb ?? firmware))).toBe(true);
  });
});

describe('The table of SNP advisories', () => {
  it('names each once, with a source, and nothing later than its date', () => {
    expect(new Set(SNP_ADVISORIES.map(({ id }) => id)).size).toBe(SNP_ADVISORIES.length);
    for (const { id, source, published, affects } of SNP_ADVISORIES) {
      expect(source, id).toMatch(/^https:\/\//);
      expect((published ?? '0') <= ADVISORIES_AS_OF, id).toBe(true);
      expect(Object.keys(affects).length, id).toBeGreaterThan(0);
    }
  });
});
