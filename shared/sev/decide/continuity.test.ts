import { describe, expect, it } from 'vitest';
import { describeWithVectors, vectorBytes } from '../../testing/vectors.ts';
import { simRoots } from '../../testing/sim-roots.ts';
import { concat } from '../../bytes/writer.ts';
import { parseCertChain } from '../formats/cert-chain.ts';
import { AMD_ROOTS } from '../../trust/amd-roots.ts';
import { verifyCertChain } from '../verify/cert-chain.ts';
import { compareVisits, type PlatformVisit, visitOf } from './continuity.ts';

const visit = (changes: Partial<PlatformVisit> = {}): PlatformVisit => ({
  at: '2026-05-03T10:00:00.000Z',
  generation: 'milan',
  simulated: false,
  cekId: 'chip',
  ocaId: 'owner',
  pekId: 'pek',
  pdhId: 'pdh',
  ...changes,
});

describe('Meeting a platform again', () => {
  it.each([
    ['first-visit', undefined, 'note'],
    ['unchanged', visit(), 'ok'],
    ['new-pdh', visit({ pdhId: 'other' }), 'note'],
    ['new-pek', visit({ pdhId: 'other', pekId: 'other' }), 'warning'],
    ['new-owner', visit({ pdhId: 'other', ocaId: 'other' }), 'warning'],
    ['new-owner', visit({ pdhId: 'other', pekId: 'other', ocaId: 'other' }), 'warning'],
    ['different-chip', visit({ cekId: 'other' }), 'warning'],
    ['different-chip', visit({ cekId: 'other', ocaId: 'other', pekId: 'other', pdhId: 'other' }), 'warning'],
  ])('is told in a sentence: %s', (kind, last, severity) => {
    const continuity = compareVisits(last, visit());
    expect([continuity.kind, continuity.finding.severity]).toEqual([kind, severity]);
    expect(continuity.finding.sentence.length).toBeLessThan(100);
  });

  it('keeps sessions only while nothing changed', () => {
    expect(compareVisits(visit(), visit()).sessionsFit).toBe(true);
    for (const key of ['cekId', 'ocaId', 'pekId', 'pdhId'] as const) {
      expect(compareVisits(visit({ [key]: 'other' }), visit()).sessionsFit).toBe(false);
    }
    expect(compareVisits(undefined, visit()).sessionsFit).toBe(false);
  });
});

describeWithVectors('A real change of a platform', () => {
  const platform = (bytes: Uint8Array) => verifyCertChain(parseCertChain(bytes), [...AMD_ROOTS, ...simRoots()]);
  const before = () => platform(vectorBytes('sim/full_chain.cert'));
  const at = new Date('2026-05-03T10:00:00Z');

  it('into the hands of an owner is seen', async () => {
    const after = await platform(vectorBytes('ownership/full_chain_after.cert'));
    expect(compareVisits(visitOf(await before(), at), visitOf(after, at)).kind).toBe('new-owner');
  });

  it('to another chip is seen, and so is none', async () => {
    const other = await platform(vectorBytes('certs/naples/full_chain.cert'));
    expect(compareVisits(visitOf(await before(), at), visitOf(other, at)).kind).toBe('different-chip');
    expect(compareVisits(visitOf(other, at), visitOf(other, at)).kind).toBe('unchanged');
  });

  it('is none when AMD signs the CEK anew, or when the PEK has its signatures in the other order', async () => {
    const bytes = vectorBytes('sim/full_chain.cert');
    const pek = bytes.slice(2084, 4168);
    const swapped = concat(pek.subarray(0, 0x414), pek.subarray(0x61c), pek.subarray(0x414, 0x61c));
    const same = await platform(concat(bytes.subarray(0, 2084), swapped, bytes.subarray(4168)));
    expect(compareVisits(visitOf(await before(), at), visitOf(same, at)).kind).toBe('unchanged');
  });
});
