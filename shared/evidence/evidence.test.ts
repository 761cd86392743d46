import { beforeAll, describe, expect, it } from 'vitest';
import { fromBase64, toBase64, toHex, toUtf8 } from '../bytes/text.ts';
import { webCryptoRandom } from '../crypto/subtle.ts';
import { importMacKey } from '../crypto/mac.ts';
import { evidenceForTests, type EvidenceWorld } from '../testing/evidence-world.ts';
import { AMD_ROOTS } from '../trust/amd-roots.ts';
import { KNOWN_ROOTS } from '../trust/known-roots.ts';
import { encodeEvidence, type Evidence, parseEvidence } from './record.ts';
import { type CheckName, recheckEvidence } from './recheck.ts';

const roots = KNOWN_ROOTS;
let world: EvidenceWorld;
beforeAll(async () => void (world = await evidenceForTests()));

type ReportOf = NonNullable<Evidence['reports']>[number];
const bytesOf = (evidence: Evidence): Uint8Array => toUtf8(encodeEvidence(evidence));
const other = (hexText: string): string => `${hexText.startsWith('0') ? '1' : '0'}${hexText.slice(1)}`;

describe('the record of a launch', () => {
  it('is read as it was written', () => {
    expect(parseEvidence(bytesOf(world.evidence))).toEqual(world.evidence);
  });

  it('holds no key of the session, in no spelling', () => {
    const text = encodeEvidence(world.evidence);
    const blobs = [...text.matchAll(/"([A-Za-z0-9+/]{24,}={0,2})"/g)].flatMap(([, blob]) => readAny(blob!));
    expect(blobs.length).toBeGreaterThan(4);
    for (const key of [world.raw.tik, world.raw.tek]) {
      expect(key).toHaveLength(16);
      for (const spelling of [toHex(key), toBase64(key).replace(/=+$/, ''), `[${key.join(',')}]`])
        expect(text.replace(/\s/g, '').toLowerCase()).not.toContain(spelling.toLowerCase());
      for (const blob of blobs) expect(toHex(blob)).not.toContain(toHex(key));
    }
  });

  it.each([
    ['no JSON', toUtf8('{')],
    ['another format', toUtf8('{"format":"x","version":1}')],
    ['a stray member', toUtf8('{"format":"sev-launch-evidence","version":1,"tik":"AAAA"}')],
    ['more than a record ever has', new Uint8Array(512 * 1024 + 1).fill(32)],
  ])('is refused as %s', (_, bytes) => {
    expect(() => parseEvidence(bytes)).toThrow(/BYTES_(VALUE|TOO_LARGE)/);
  });

  it('is of the second version just where it has attestation reports', () => {
    expect(parseEvidence(bytesOf(world.reported))).toEqual(world.reported);
    for (const evidence of [
      { ...world.reported, version: 1 },
      { ...world.evidence, version: 2 },
    ])
      expect(() => parseEvidence(bytesOf(evidence))).toThrow('BYTES_VALUE at evidence.reports');
  });

  it('is of the third version just where it has VMSA pages, with reports or without', () => {
    for (const evidence of [world.evidence, world.reported]) {
      const supplied = withPages(evidence, world.pages);
      expect(parseEvidence(bytesOf(supplied))).toEqual(supplied);
      for (const wrong of [
        { ...supplied, version: evidence.version },
        { ...evidence, version: 3 },
      ])
        expect(() => parseEvidence(bytesOf(wrong))).toThrow('BYTES_VALUE at evidence.expected.cpus.pages');
    }
  });

  it('is told apart from one of a newer program', () => {
    const newer = encodeEvidence(world.evidence).replace('"version": 1', '"version": 4');
    expect(() => parseEvidence(toUtf8(newer))).toThrow(/BYTES_VERSION/);
  });
});

describe('checking a record again', () => {
  const statusOf = async (evidence: Evidence, name: CheckName, tik = world.tik as typeof world.tik | undefined) => {
    const { status, checks } = await recheckEvidence(parseEvidence(bytesOf(evidence)), { roots, tik });
    return [status, checks.find((check) => check.name === name)?.status];
  };

  it('holds in every part with the TIK', async () => {
    const { status, simulated, checks } = await recheckEvidence(world.evidence, { roots, tik: world.tik });
    expect({ status, simulated }).toEqual({ status: 'rechecked', simulated: true });
    expect(checks.map((check) => check.status)).toEqual(checks.map(() => 'holds'));
  });

  it('never calls the measure checked without the TIK', async () => {
    const { status, checks, untold } = await recheckEvidence(world.evidence, { roots });
    expect(status).toBe('consistent');
    expect(checks.filter((check) => check.status === 'not-checked').map(({ name }) => name)).toEqual([
      'session-mac',
      'measure',
    ]);
    expect(untold.join(' ')).toContain('not signed');
  });

  it('refuses with another TIK', async () => {
    const wrong = await importMacKey(webCryptoRandom(16));
    expect(await statusOf(world.evidence, 'measure', wrong)).toEqual(['refused', 'refused']);
    expect(await statusOf(world.evidence, 'session-mac', wrong)).toEqual(['refused', 'refused']);
  });

  it('refuses a root that is not pinned', async () => {
    const { checks } = await recheckEvidence(world.evidence, { roots: AMD_ROOTS, tik: world.tik });
    expect(checks[0]).toMatchObject({ name: 'chain', status: 'refused' });
  });

  type Change = (evidence: Evidence) => Evidence;
  const expected =
    (part: Partial<Evidence['expected']>): Change =>
    (evidence) => ({
      ...evidence,
      expected: { ...evidence.expected, ...part },
    });
  const reported =
    (part: Partial<Evidence['reported']>): Change =>
    (evidence) => ({
      ...evidence,
      reported: { ...evidence.reported, ...part },
    });
  const cases: readonly (readonly [string, CheckName, Change])[] = [
    ['another root is named', 'chain', (evidence) => ({ ...evidence, root: 'Milan' })],
    [
      'it is called genuine',
      'chain',
      (evidence) => ({ ...evidence, launch: { ...evidence.launch, simulated: false } }),
    ],
    ['a bit of the chain is flipped', 'chain', (evidence) => ({ ...evidence, chain: flip(evidence.chain, 700) })],
    [
      'the session is cut',
      'session',
      (evidence) => ({ ...evidence, session: { ...evidence.session, godh: flip(evidence.session.godh, 0) } }),
    ],
    [
      'another digest is claimed',
      'digest',
      (evidence) => expected({ launchDigest: other(evidence.expected.launchDigest) })(evidence),
    ],
    [
      'a CPU more is claimed',
      'digest',
      (evidence) => expected({ cpus: { ...evidence.expected.cpus!, vcpus: 3 } })(evidence),
    ],
    [
      'another command line is claimed',
      'digest',
      (evidence) => expected({ kernel: { ...evidence.expected.kernel!, cmdline: 'x' } })(evidence),
    ],
    [
      'another image is claimed',
      'image',
      (evidence) =>
        expected({
          guestImage: { ...evidence.expected.guestImage, sha256: other(evidence.expected.guestImage.sha256) },
        })(evidence),
    ],
    ['another policy was reported', 'policy', reported({ policy: 0x5 })],
    ['the firmware is old', 'firmware', reported({ apiMinor: 16 })],
    ['the firmware is below the floor', 'firmware', expected({ floor: { apiMajor: 1, apiMinor: 99, build: 0 } })],
    [
      'another measure was reported',
      'measure',
      (evidence) => reported({ measure: other(evidence.reported.measure) })(evidence),
    ],
    [
      'the secret was withheld',
      'verdict',
      (evidence) => ({ ...evidence, verdict: { ...evidence.verdict, kind: 'withhold' } }),
    ],
    [
      'a refusal stands beside the release',
      'verdict',
      (evidence) => ({
        ...evidence,
        verdict: { ...evidence.verdict, findings: [{ code: 'X', severity: 'refused', sentence: 'x' }] },
      }),
    ],
  ];

  it.each(cases)('refuses when %s', async (_, name, change) => {
    expect(await statusOf(change(world.evidence), name)).toEqual(['refused', 'refused']);
  });

  it('measures VMSA pages as they are, and nothing that stands beside them', async () => {
    const { boot, others } = world.pages;
    const named = withPages(world.evidence, world.pages, { model: 'of no meaning', variant: 'gce', debugSwap: true });
    expect(await statusOf(named, 'digest')).toEqual(['rechecked', 'holds']);
    for (const pages of [
      { boot: { ...boot, page: flip(boot.page, 0x400) }, others },
      { boot, others: { ...others, page: flip(others.page, 0x400) } },
      { boot: { ...boot, page: others.page }, others: { ...others, page: boot.page } },
      { boot },
    ])
      expect(await statusOf(withPages(world.evidence, pages), 'digest')).toEqual(['refused', 'refused']);
  });

  it('checks attestation reports against chain, nonce, digest and policy, and says what none of them shows', async () => {
    const { status, checks, untold } = await recheckEvidence(world.reported, { roots, tik: world.tik });
    expect([status, checks.find(({ name }) => name === 'reports')?.status]).toEqual(['rechecked', 'holds']);
    expect(untold.join(' ')).toContain('another guest');
    expect(checks.every((check) => Object.keys(check).length === 3)).toBe(true);
  });

  it.each<[string, (one: ReportOf) => ReportOf]>([
    ['its signature is another', (one) => ({ ...one, report: flip(one.report, 100) })],
    ['its nonce is another', (one) => ({ ...one, mnonce: other(one.mnonce) })],
    ['it is cut short in its meaning', (one) => ({ ...one, report: new Uint8Array(208) })],
  ])('refuses an attestation report when %s', async (_, change) => {
    const reports = world.reported.reports!.map(change);
    expect(await statusOf({ ...world.reported, reports }, 'reports')).toEqual(['refused', 'refused']);
  });

  it('refuses an attestation report of another guest, or under a chain that does not hold', async () => {
    const another = await evidenceForTests();
    const foreign = { ...world.reported, reports: another.reported.reports! };
    expect(await statusOf(foreign, 'reports')).toEqual(['refused', 'refused']);
    const { checks } = await recheckEvidence(world.reported, { roots: AMD_ROOTS });
    expect(checks.find(({ name }) => name === 'reports')?.status).toBe('refused');
  });

  it('refuses a policy that allows debugging', async () => {
    const { evidence, tik } = await evidenceForTests(0x6);
    const { checks } = await recheckEvidence(evidence, { roots, tik });
    expect(checks.filter(({ status }) => status === 'refused').map(({ name }) => name)).toEqual(['policy', 'verdict']);
  });
});

type PagesOf = NonNullable<NonNullable<Evidence['expected']['cpus']>['pages']>;
type CpusOf = NonNullable<Evidence['expected']['cpus']>;

const withPages = (evidence: Evidence, pages: PagesOf, said: Partial<CpusOf> = {}): Evidence => ({
  ...evidence,
  version: 3,
  expected: { ...evidence.expected, cpus: { ...evidence.expected.cpus!, ...said, pages } },
});

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 1;
  return copy;
}

/** Hashes in hex are base64 too, of something else: whatever cannot be decoded is no blob. */
function readAny(text: string): readonly Uint8Array[] {
  try {
    return [fromBase64(text)];
  } catch {
    return [];
  }
}
