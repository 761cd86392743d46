import { describe, expect, it } from 'vitest';
import { adviseOnFirmware, adviseOnGeneration, type FirmwareReport, recommendedFloor } from './advisories.ts';
import { firmwareVersion } from '../sev/formats/firmware-version.ts';
import { ADVISORIES, ADVISORIES_AS_OF, NEWEST_FIRMWARE } from './advisories-table.ts';

const NOW = new Date('2026-07-01T00:00:00Z');
const firmware = (
  generation: FirmwareReport['generation'],
  version: readonly [number, number, number],
  attested = true,
): FirmwareReport => ({ generation, ...firmwareVersion(...version), attested });
const severityOf = (report: FirmwareReport, id: string): string | undefined =>
  adviseOnFirmware(report, NOW).find(({ code }) => code === `ADVISORY_${id}`)?.severity;

describe('Advice on firmware', () => {
  // The boundaries are AMD's: one below, at, and one above.
  it.each([
    ['naples', [0, 17, 11], 'CVE-2019-9836', 'warning'],
    ['naples', [0, 17, 21], 'CVE-2019-9836', 'warning'],
    ['naples', [0, 17, 22], 'CVE-2019-9836', 'ok'],
    ['naples', [0, 17, 23], 'CVE-2019-9836', 'ok'],
    ['naples', [0, 16, 255], 'CVE-2019-9836', 'warning'],
    ['naples', [0, 18, 0], 'CVE-2019-9836', 'ok'],
    ['rome', [0, 17, 1], 'CVE-2019-9836', undefined],
    ['milan', [1, 55, 21], 'CVE-2024-21944', 'warning'],
    ['milan', [1, 55, 22], 'CVE-2024-21944', 'ok'],
    ['genoa', [1, 55, 37], 'CVE-2024-21944', 'warning'],
    ['genoa', [1, 55, 38], 'CVE-2024-21944', 'ok'],
    ['turin', [1, 55, 54], 'CVE-2024-21944', undefined],
    ['rome', [0, 24, 20], 'CVE-2021-26403', 'note'],
    ['milan', [1, 55, 29], 'CVE-2025-0033', undefined],
  ] as const)('judges %s %j for %s', (generation, version, id, severity) => {
    expect(severityOf(firmware(generation, version), id)).toBe(severity);
  });

  it('takes nothing as mended on the word of a host', () => {
    expect(severityOf(firmware('naples', [0, 17, 48], false), 'CVE-2019-9836')).toBe('unchecked');
    expect(severityOf(firmware('naples', [0, 17, 1], false), 'CVE-2019-9836')).toBe('warning');
  });

  it('says what a generation alone tells, before anybody reported a version', () => {
    const naples = adviseOnGeneration('naples', NOW);
    const severity = (id: string) => naples.find(({ code }) => code === `ADVISORY_${id}`)?.severity;
    expect([severity('CVE-2019-9836'), severity('arXiv:1908.11680'), severity('CVE-2024-21944')]).toEqual([
      'unchecked',
      'note',
      undefined,
    ]);
    expect(naples.some(({ severity }) => severity === 'ok')).toBe(false);
    expect(naples.at(-1)?.code).toBe('ADVISORIES_AGE');
    expect(adviseOnGeneration('simulated', NOW).map(({ code }) => code)).toEqual(['ADVISORIES_SIMULATED']);
  });

  it('says of everything else that it cannot be attested', () => {
    const findings = adviseOnFirmware(firmware('milan', [1, 55, 29]), NOW);
    const notes = findings.filter(({ code, severity }) => code.startsWith('ADVISORY_') && severity === 'note');
    expect(notes.length).toBeGreaterThan(5);
    expect(notes.every(({ sentence }) => sentence.includes('No attestation shows'))).toBe(true);
  });

  it('promises no mending of CacheWarp where AMD made none', () => {
    const nextFor = (generation: 'naples' | 'milan', version: readonly [number, number, number]) =>
      adviseOnFirmware(firmware(generation, version), NOW).find(({ code }) => code === 'ADVISORY_CVE-2023-20592')?.next;
    expect(nextFor('naples', [0, 17, 48])).toContain('No firmware mends it');
    expect(nextFor('milan', [1, 55, 29])).toContain('A microcode update mends it');
  });

  it('refuses what cannot bind a secret, and points to newer firmware', () => {
    const codes = adviseOnFirmware(firmware('naples', [0, 16, 12]), NOW).map(({ code }) => code);
    expect(codes).toContain('MEASURE_API_TOO_OLD');
    expect(codes).toContain('FIRMWARE_NEWER_EXISTS');
    const newest = adviseOnFirmware({ ...firmware('milan', [0, 0, 0]), ...NEWEST_FIRMWARE.milan.version }, NOW).map(
      ({ code }) => code,
    );
    expect(newest).not.toContain('FIRMWARE_NEWER_EXISTS');
  });

  it('gives versions in both radices', () => {
    const finding = adviseOnFirmware(firmware('milan', [1, 55, 21]), NOW).find(
      ({ severity }) => severity === 'warning',
    );
    expect([finding?.expected, finding?.actual]).toEqual(['1.55.22 · 0x1.0x37.0x16', '1.55.21 · 0x1.0x37.0x15']);
  });

  it('has an age, and warns when it is old', () => {
    const age = (now: string) => adviseOnFirmware(firmware('rome', [0, 24, 20]), new Date(now)).at(-1)?.code;
    expect(age(ADVISORIES_AS_OF)).toBe('ADVISORIES_AGE');
    expect(age('2027-06-11')).toBe('ADVISORIES_AGE');
    expect(age('2027-06-12')).toBe('ADVISORIES_OLD');
  });

  it('says nothing about simulated hardware', () => {
    expect(adviseOnFirmware(firmware('simulated', [0, 1, 1]), NOW).map(({ code }) => code)).toEqual([
      'ADVISORIES_SIMULATED',
    ]);
  });

  it('recommends the oldest firmware without a weakness that can be seen', () => {
    const floor = (generation: FirmwareReport['generation']): number[] => {
      const { apiMajor, apiMinor, build } = recommendedFloor(generation);
      return [apiMajor, apiMinor, build];
    };
    expect(floor('naples')).toEqual([0, 17, 22]);
    expect(floor('rome')).toEqual([0, 17, 0]);
    expect(floor('milan')).toEqual([1, 55, 22]);
    expect(floor('genoa')).toEqual([1, 55, 38]);
    expect(floor('simulated')).toEqual([0, 17, 0]);
  });
});

describe('The table of advisories', () => {
  it('names a source and a date for each, none after its own', () => {
    expect(new Set(ADVISORIES.map(({ id }) => id)).size).toBe(ADVISORIES.length);
    for (const { id, published, source, affects } of ADVISORIES) {
      expect([id, /^\d{4}-\d\d(-\d\d)?$/.test(published), published <= ADVISORIES_AS_OF]).toEqual([id, true, true]);
      expect(source).toMatch(/^https:\/\/(www\.cve\.org\/CVERecord\?id=CVE-|arxiv\.org\/abs\/)/);
      expect(Object.keys(affects).length).toBeGreaterThan(0);
    }
  });
});
