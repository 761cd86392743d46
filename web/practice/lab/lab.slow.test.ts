import { describe, expect, it } from 'vitest';
import type { Release } from '../../../shared/sev/decide/decision.ts';
import type { PieceOf } from '../../../shared/intake/piece.ts';
import { APP_CHECKS, type Checks, LAB_SECRET, playLaunch } from './guest-owner.ts';
import { forgeRoot, pinOfForgery } from './forged-root.ts';
import { honestHost, LabPlatform } from './host.ts';
import { LIE_NAMES, type LieName } from './lie-names.ts';
import { LIES as ALL } from './lies.ts';
import { runLie } from './run.ts';

/** The check that each lie meets, and the code that it answers with. */
const CAUGHT: Readonly<Record<Exclude<LieName, 'honest'>, readonly [stage: string, code: string]>> = {
  'forged-root': ['chain', 'CERT_ROOT_UNKNOWN'],
  'other-pdh': ['chain', 'CERT_SIGNATURE'],
  'flipped-bit': ['chain', 'CERT_SIGNATURE'],
  'swapped-blobs': ['hand-over', 'BYTES_SWAPPED'],
  'changed-image': ['decision', 'MEASURE_MISMATCH'],
  'debug-with-session': ['amd-sp', 'AMDSP_BAD_MEASUREMENT'],
  'debug-told': ['decision', 'MEASURE_POLICY_CHANGED'],
  'debug-hidden': ['decision', 'MEASURE_MISMATCH'],
  'replayed-launch': ['decision', 'MEASURE_MISMATCH'],
  'replayed-session': ['seal', 'AMDSP_BAD_MEASUREMENT'],
  'other-build': ['decision', 'MEASURE_MISMATCH'],
  'old-api': ['decision', 'MEASURE_API_TOO_OLD'],
  'digest-given': ['measurement', 'BYTES_SWAPPED'],
  'replayed-report': ['report', 'CERT_REPORT'],
  'other-report': ['report', 'CERT_REPORT'],
};
const LIES = LIE_NAMES.filter((name) => name !== 'honest');

describe('the tamper lab', () => {
  it('has a name on the screen for each lie', () => {
    expect(LIE_NAMES).toEqual(Object.keys(ALL));
  });

  it('lets the honest host have the secret, which the guest then tells', async () => {
    const outcome = await runLie('honest');
    expect(outcome).toMatchObject({ kind: 'released', simulated: true });
    expect(JSON.stringify(outcome)).toContain(LAB_SECRET);
  });

  it.each(LIES)('catches the lie %s', async (name) => {
    const [stage, code] = CAUGHT[name];
    const outcome = await runLie(name);
    expect(outcome).toMatchObject({ kind: 'caught', stage });
    expect(outcome.kind === 'caught' && outcome.refusals[0]?.code).toBe(code);
  });

  it('says where a chain breaks', async () => {
    expect(await runLie('other-pdh')).toMatchObject({ link: { signer: 'PEK', subject: 'PDH' } });
    expect(await runLie('forged-root')).toMatchObject({ link: { signer: 'ARK', subject: 'ARK' } });
  });
});

/** A verifier that takes any attestation report. */
const anyReport: Checks['decideReport'] = () => Promise.resolve({ kind: 'proven', simulated: true, findings: [] });
/** A verifier that releases whatever it is told: only then would sealing be asked, and that refuses as well. */
const gullible: Checks = {
  ...APP_CHECKS,
  decide: () => Promise.resolve({ kind: 'release' } as Release),
  decideReport: anyReport,
};
/** A reader that takes anything for what it asks for. */
const blind: Checks = {
  ...APP_CHECKS,
  expectPiece: (pieces, kind) => ({ ...pieces[0], kind }) as PieceOf<typeof kind>,
};

describe('with a check taken out, the tamper lab', () => {
  it.each(LIES.filter((name) => CAUGHT[name][0] === 'decision'))(
    'no longer catches %s by its decision: only the seal stands in the way',
    async (name) => {
      await expect(runLie(name, gullible)).rejects.toMatchObject({ code: 'MEASURE_NOT_VERIFIED' });
    },
  );

  it.each(['replayed-report', 'other-report'] as const)('lets %s through', async (name) => {
    expect(await runLie(name, { ...APP_CHECKS, decideReport: anyReport })).toMatchObject({ kind: 'released' });
  });

  it('lets a forged root through once its key is pinned', async () => {
    const platform = await LabPlatform.create();
    const forged = await forgeRoot(platform.certificates());
    const host = { ...honestHost(platform), certificates: () => Promise.resolve(forged) };
    expect(await playLaunch(platform, host)).toMatchObject({ kind: 'caught', stage: 'chain' });
    const fooled = { ...APP_CHECKS, roots: [await pinOfForgery(forged)] };
    expect(await playLaunch(platform, host, fooled)).toMatchObject({ kind: 'released', simulated: false });
  });

  it('no longer names swapped blobs: they get as far as the AMD-SP', async () => {
    expect(await runLie('swapped-blobs', blind)).toMatchObject({ kind: 'caught', stage: 'amd-sp' });
  });

  it('no longer names a digest: it gets as far as the parser of measurements', async () => {
    await expect(runLie('digest-given', blind)).rejects.toMatchObject({ code: 'BYTES_LENGTH' });
  });
});
