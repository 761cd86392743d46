import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeWithVectors, vectorJson } from '../../testing/vectors.ts';
import { explainPolicy, POLICY_PRESETS, recommendedPolicy } from './policy-words.ts';
import { apiAtLeast, encodePolicy, parsePolicy, POLICY_BITS, policyNames, showPolicy } from './policy.ts';

describe('A policy', () => {
  it('is written back as it was read', () => {
    const valid = fc.tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(valid, ([flags, api]) => {
        const value = (flags | (api << 16)) >>> 0;
        expect(encodePolicy(parsePolicy(value))).toBe(value);
      }),
    );
  });

  it('is refused with any reserved bit', () => {
    for (let bit = 6; bit < 16; bit++) expect(() => parsePolicy(1 | (1 << bit))).toThrow('MEASURE_POLICY at policy');
    expect(() => parsePolicy(0x1040)).toThrow('bits 6, 12');
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 32, Infinity])('is refused when it is %d', (value) => {
    expect(() => parsePolicy(value)).toThrow('MEASURE_POLICY');
  });

  it('is never cut to fit', () => {
    const policy = { ...recommendedPolicy({ es: true }), apiMajor: 1, apiMinor: 55 };
    expect(encodePolicy(policy)).toBe(0x3701000f);
    expect(() => encodePolicy({ ...policy, apiMinor: 256 })).toThrow('MEASURE_POLICY');
    expect(() => encodePolicy({ ...policy, apiMajor: -1 })).toThrow('MEASURE_POLICY');
  });

  it('is shown in both radices and in names', () => {
    expect(showPolicy(5)).toBe('5 · 0x5 (NODBG, ES)');
    expect(showPolicy(0)).toBe('0 · 0x0 (no restriction)');
    expect(showPolicy(64)).toBe('64 · 0x40 (not a valid policy)');
    expect(policyNames(parsePolicy(0x18000007))).toBe('NODBG, NOKS, ES, API 0.24');
  });

  it('is explained bit by bit, another sentence for on and off', () => {
    const none = explainPolicy(parsePolicy(0));
    const all = explainPolicy(parsePolicy(0x1800003f));
    expect(all.map(({ name }) => name)).toEqual(['NODBG', 'NOKS', 'ES', 'NOSEND', 'DOMAIN', 'SEV', 'API']);
    expect(all.every(({ on }) => on)).toBe(true);
    expect(none.some(({ on }) => on)).toBe(false);
    for (const [i, { sentence }] of all.entries()) expect(sentence).not.toBe(none[i]!.sentence);
  });

  it('is recommended with nothing that a host may do', () => {
    const { value } = POLICY_PRESETS.find(({ name }) => name === 'recommended')!;
    expect(showPolicy(value)).toBe('285212687 · 0x1100000f (NODBG, NOKS, ES, NOSEND, API 0.17)');
    for (const { value, policy } of POLICY_PRESETS) {
      expect(parsePolicy(value)).toEqual(policy);
      expect(policy.noDebug).toBe(true);
    }
  });
});

it('An API is at least another when its major number is, whatever the minor', () => {
  expect(apiAtLeast(1, 0, 0, 17)).toBe(true);
  expect(apiAtLeast(0, 17, 0, 17)).toBe(true);
  expect(apiAtLeast(0, 16, 0, 17)).toBe(false);
  expect(apiAtLeast(0, 255, 1, 0)).toBe(false);
});

interface SessionVectors {
  cases: { policy: number; explain: { flags: string[]; min_api: [number, number] } }[];
  reserved_policies: number[];
}

describeWithVectors('The policies of session.json', () => {
  const { cases, reserved_policies } = vectorJson<SessionVectors>('session.json');

  it.each(cases)('$policy means what it says there', ({ policy, explain }) => {
    const parsed = parsePolicy(policy);
    const flags = POLICY_BITS.filter(({ field }) => parsed[field]).map(({ name }) => name);
    expect(flags).toEqual(explain.flags);
    expect([parsed.apiMajor, parsed.apiMinor]).toEqual(explain.min_api);
  });

  it.each(reserved_policies)('%d is refused', (policy) => {
    expect(() => parsePolicy(policy)).toThrow('MEASURE_POLICY');
  });
});
