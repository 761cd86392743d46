import { describe, expect, it } from 'vitest';
import { type AirgapMessage, expectMessage, sessionTag } from '../../shared/airgap/index.ts';
import { toHex } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { noiseForTests } from '../airgap/noise-for-tests.ts';
import type { LaunchRecord, LaunchState } from '../launches/record/launch-record.ts';
import { bringMessage, type Bringing, takeOrBring } from './bring.ts';

const cert = noiseForTests(2084);
const blob = noiseForTests(128, 3);
const session = sessionTag(blob);
const nonce = noiseForTests(16, 5);
const reportFor = (mnonce: Uint8Array): Uint8Array => concat(mnonce, noiseForTests(192, 6));
const unnamed = {
  ...{ kind: 'measurement', measurement: noiseForTests(48), apiMajor: 1, apiMinor: 55, build: 22, policy: 1 },
} as const satisfies AirgapMessage;
const measurement = { ...unnamed, session };

function appForTests(state: LaunchState = 'session', platforms = ['p']) {
  const launch = { id: 'mine', name: 'my guest', state, session: { blob } } as unknown as LaunchRecord;
  const visited: string[] = [];
  const app: Bringing = {
    practice: false,
    navigation: { pairing: undefined, go: (to) => void visited.push(to) },
    inbox: { files: [], scanned: undefined, scannedFor: undefined },
    launches: {
      findBySession: (tag) => Promise.resolve(tag === toHex(session) ? launch : undefined),
      findByNonce: (mnonce) => (toHex(mnonce) === toHex(nonce) ? { id: 'asker' } : undefined),
    },
    platforms: { list: platforms.map((id) => ({ id })) },
  };
  return { app, visited };
}

describe('what is scanned', () => {
  it.each<[AirgapMessage, string]>([
    [measurement, '#/launches/mine'],
    [{ kind: 'launch', godh: cert, session: blob, policy: 1 }, '#/courier'],
    [{ kind: 'secret', session, header: noiseForTests(52), payload: noiseForTests(32) }, '#/courier'],
    [{ kind: 'oca-pin', sha256: noiseForTests(32) }, '#/platforms'],
    [{ kind: 'oca', oca: cert }, '#/platforms'],
    [{ kind: 'csr', csr: cert }, '#/ownership'],
    [{ kind: 'report-request', mnonce: nonce }, '#/courier'],
    [{ kind: 'report', report: reportFor(nonce) }, '#/launches/asker'],
    // The nonce tells who asked, whatever the code says of its session.
    [{ kind: 'report', report: reportFor(nonce), session }, '#/launches/asker'],
    // A replay: its launch says why it is refused.
    [{ kind: 'report', report: reportFor(noiseForTests(16, 7)), session }, '#/launches/mine'],
    [{ kind: 'pek', pek: cert, oca: cert }, '#/carry-ownership'],
  ])('is left for the screen that it belongs to', async (message, place) => {
    const { app, visited } = appForTests();
    await bringMessage(app, message);
    expect(visited).toEqual([place]);
    expect(app.inbox.scanned).toBe(message);
    expect(app.inbox.scannedFor).toBe(place);
  });

  it('is brought as files where certificates are looked at', async () => {
    const { app, visited } = appForTests();
    await bringMessage(app, { kind: 'chain', pdh: cert, pek: cert, oca: cert, cek: cert });
    expect(visited).toEqual(['#/connect']);
    expect(app.inbox.files).toHaveLength(4);
  });

  it('is left for the library to ask about when it is a reference value: nothing is kept unasked', async () => {
    const { app, visited } = appForTests();
    const message = { kind: 'reference', name: 'vmlinuz', role: 'kernel', size: 9, sha256: noiseForTests(32) } as const;
    await bringMessage(app, message);
    expect([visited, app.inbox.scannedFor, app.inbox.scanned]).toEqual([['#/library'], '#/library', message]);
  });

  it('is followed when it is a pairing', async () => {
    const { app, visited } = appForTests();
    await bringMessage(app, { kind: 'relay', url: 'ws://127.0.0.1:8455', code: 'ABCD' });
    expect(visited).toEqual(['#/connect']);
    expect(app.navigation.pairing).toMatchObject({ code: 'ABCD' });
  });

  it.each<[AirgapMessage, string, string]>([
    [
      { ...measurement, session: noiseForTests(8) },
      'MEASURE_OTHER_SESSION',
      'This is a measurement of another session',
    ],
    [unnamed, 'BYTES_SWAPPED', 'This is a measurement; it belongs into its launch.'],
    [
      { kind: 'report', report: noiseForTests(208) },
      'MEASURE_OTHER_SESSION',
      'This is an attestation report that no launch here has asked for.',
    ],
  ])('is named where it has no place', async (message, code, sentence) => {
    const { app, visited } = appForTests();
    await expect(bringMessage(app, message)).rejects.toMatchObject({
      code,
      sentence: expect.stringContaining(sentence) as string,
    });
    expect(visited).toEqual([]);
    expect(app.inbox.scanned).toBeUndefined();
  });

  it.each<LaunchState>(['verified', 'mismatch', 'released', 'running'])(
    'does not overturn the verdict of a launch that is %s',
    async (state) => {
      const { app, visited } = appForTests(state);
      await expect(bringMessage(app, measurement)).rejects.toMatchObject({ code: 'VAULT_CONFLICT' });
      expect(visited).toEqual([]);
    },
  );

  it('is a choice where an owner could be that of several platforms, and named where there is none yet', async () => {
    const pin: AirgapMessage = { kind: 'oca-pin', sha256: noiseForTests(32) };
    const several = appForTests('session', ['p', 'q']);
    await bringMessage(several.app, pin);
    expect(several.visited).toEqual(['#/platforms']);
    await expect(bringMessage(appForTests('session', []).app, pin)).rejects.toMatchObject({ code: 'BYTES_SWAPPED' });
  });

  it('is looked at as a certificate where no platform could have that owner', async () => {
    const { app, visited } = appForTests('session', []);
    await bringMessage(app, { kind: 'oca', oca: cert });
    expect(visited).toEqual(['#/connect']);
  });
});

describe('what a screen does not await', () => {
  const awaited = (message: AirgapMessage): void => void expectMessage(message, { kinds: ['oca'] });

  it('is brought to its own screen', async () => {
    const { app, visited } = appForTests();
    await takeOrBring(app, measurement, awaited);
    expect(visited).toEqual(['#/launches/mine']);
  });

  it('is told in the words of the screen where it has none', async () => {
    const { app } = appForTests();
    await expect(takeOrBring(app, unnamed, awaited)).rejects.toMatchObject({
      sentence: "This is a measurement; an owner's certificate (OCA) is asked for here.",
    });
  });

  it('stays in practice', async () => {
    const { app, visited } = appForTests();
    await expect(takeOrBring({ ...app, practice: true }, measurement, awaited)).rejects.toMatchObject({
      code: 'BYTES_SWAPPED',
    });
    expect(visited).toEqual([]);
  });

  it('is not brought anywhere when it was awaited and is bad', async () => {
    const { app, visited } = appForTests();
    const bad = (): never => {
      throw new RangeError('bad');
    };
    await expect(takeOrBring(app, measurement, bad)).rejects.toBeInstanceOf(RangeError);
    expect(visited).toEqual([]);
  });
});
