import { beforeAll, describe, expect, it } from 'vitest';
import { sha256Sync } from '../../crypto/sha256-stream.ts';
import { webCryptoRandom } from '../../crypto/subtle.ts';
import { GENUINE_ROOT_FOR_TESTS, launchForTests, type LaunchWorld, trustPlatform } from '../../testing/launch-world.ts';
import { SimulatedAmdSp } from '../../simulator/amd-sp.ts';
import { type AskedOf, decideReport } from './report-decision.ts';
import { tooOldForReports } from './report-firmware.ts';

const IMAGE = new Uint8Array(4096).fill(7);
const POLICY = 0x3;

describe('the decision on an attestation report', () => {
  let world: LaunchWorld;
  let asked: AskedOf;
  let report: Uint8Array;
  beforeAll(async () => {
    world = await launchForTests(POLICY, [IMAGE]);
    asked = { mnonce: webCryptoRandom(16), launchDigest: sha256Sync(IMAGE), policy: POLICY };
    report = await world.amdSp.attestationReport(world.handle, asked.mnonce);
  });
  const decide = (bytes: Uint8Array, change: Partial<AskedOf> = {}) =>
    decideReport(bytes, world.session.trustedPdh, { ...asked, ...change });
  const refusedAt = async (bytes: Uint8Array, change: Partial<AskedOf> = {}) => {
    const { kind, findings } = await decide(bytes, change);
    return [kind, findings.filter(({ severity }) => severity === 'refused').map(({ code }) => code)];
  };

  it('is proven by every comparison, and says even then what it does not prove', async () => {
    const { kind, simulated, findings } = await decide(report);
    expect([kind, simulated]).toEqual(['proven', false]);
    expect(findings.filter(({ severity }) => severity === 'ok').map(({ code }) => code)).toEqual([
      'REPORT_SIGNED',
      'REPORT_FRESH',
      'REPORT_DIGEST_EQUAL',
      'REPORT_POLICY_EQUAL',
    ]);
    expect(findings.map(({ sentence }) => sentence).join(' ')).toContain('the report of another guest');
  });

  it('gathers all that differs, the policy in words', async () => {
    expect(await refusedAt(report, { mnonce: webCryptoRandom(16) })).toEqual(['replayed', ['CERT_REPORT']]);
    expect(await refusedAt(report, { launchDigest: webCryptoRandom(32) })).toEqual(['other-guest', ['CERT_REPORT']]);
    const { kind, findings } = await decide(report, { launchDigest: webCryptoRandom(32), policy: 7 });
    expect(kind).toBe('other-guest');
    expect(findings.filter(({ severity }) => severity === 'refused')).toHaveLength(2);
    expect(findings.find(({ actual }) => actual !== undefined)).toMatchObject({
      expected: expect.stringContaining('0x7') as string,
      actual: expect.stringContaining('0x3') as string,
    });
    // A newer report of the same guest would say the same again.
    const nexts = findings.filter(({ severity }) => severity === 'refused').map(({ next }) => next);
    expect(nexts.every((next) => next?.startsWith('Give this guest no secret'))).toBe(true);
  });

  it("takes nobody else's word: another platform, a broken signature, no report at all", async () => {
    const other = await SimulatedAmdSp.create();
    const foreign = decideReport(report, await trustPlatform(other, GENUINE_ROOT_FOR_TESTS), asked);
    expect((await foreign).kind).toBe('unsigned');
    const broken = report.slice();
    broken[70]! ^= 1;
    expect(await refusedAt(broken)).toEqual(['unsigned', ['CERT_SIGNATURE']]);
    expect(await refusedAt(report.slice(1))).toEqual(['unsigned', ['BYTES_LENGTH']]);
    for (const refused of [await decide(broken), await decide(report, { mnonce: webCryptoRandom(16) })])
      expect(refused.findings.some(({ severity }) => severity === 'ok')).toBe(false);
  });

  it('is asked of a verified platform only', async () => {
    const lookAlike = { ...world.session.trustedPdh };
    await expect(decideReport(report, lookAlike, asked)).rejects.toMatchObject({ code: 'MEASURE_NOT_VERIFIED' });
  });
});

describe('firmware', () => {
  it.each([
    [0, 17, true],
    [0, 22, true],
    [0, 23, false],
    [1, 0, false],
  ])('%i.%i is too old for attestation reports: %s', (major, minor, tooOld) => {
    expect(tooOldForReports(major, minor) !== undefined).toBe(tooOld);
  });
});
