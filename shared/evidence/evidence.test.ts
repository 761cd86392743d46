import { beforeAll, describe, expect, it } from 'vitest';
import { fromBase64, fromHex, toBase64, toHex, toUtf8 } from '../bytes/text.ts';
import { webCryptoRandom } from '../crypto/subtle.ts';
import { importMacKey } from '../crypto/mac.ts';
import { evidenceForTests, type EvidenceWorld } from '../testing/evidence-world.ts';
import { AMD_ROOTS } from '../trust/amd-roots.ts';
import { KNOWN_ROOTS } from '../trust/known-roots.ts';
import { encodeEvidence, type Evidence, parseEvidence } from './record.ts';
import type { GuestImage } from '../guest/guest-image.ts';
import { deviceSigner, encodeDeviceKey, makeDeviceKey, parseDeviceKey } from './device-key.ts';
import type { ReadImage } from './image-facts.ts';
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
    const [plain, reported] = [oldRecord(world.evidence, 1), oldRecord(world.reported, 2)];
    for (const evidence of [plain, reported]) expect(parseEvidence(bytesOf(evidence))).toEqual(evidence);
    for (const evidence of [
      { ...reported, version: 1 },
      { ...plain, version: 2 },
    ])
      expect(() => parseEvidence(bytesOf(evidence))).toThrow('BYTES_VALUE at evidence.reports');
  });

  it('is of the third version just where it has VMSA pages, with reports or without', () => {
    for (const evidence of [oldRecord(world.evidence, 1), oldRecord(world.reported, 2)]) {
      const supplied = { ...withPages(evidence, world.pages), version: 3 };
      expect(parseEvidence(bytesOf(supplied))).toEqual(supplied);
      for (const wrong of [
        { ...supplied, version: evidence.version },
        { ...evidence, version: 3 },
      ])
        expect(() => parseEvidence(bytesOf(wrong))).toThrow('BYTES_VALUE at evidence.expected.cpus.pages');
    }
  });

  it('is of the fourth version just where it has facts of the image, or a signature', () => {
    const signed = { ...oldRecord(world.signed, 4), signature: world.signed.signature! };
    for (const evidence of [world.evidence, world.signed, signed])
      expect(parseEvidence(bytesOf(evidence))).toEqual(evidence);
    for (const wrong of [
      { ...world.evidence, version: 3 },
      { ...oldRecord(world.evidence, 1), version: 4 },
    ])
      expect(() => parseEvidence(bytesOf(wrong))).toThrow('BYTES_VALUE at evidence.expected.guestImage.facts');
  });

  it('with a member that comes twice is refused', () => {
    const text = encodeEvidence(world.evidence);
    for (const member of ['"policy":', '"name":', '"version":', '"measure":']) {
      const twice = text.replace(member, `${member} ${member === '"name":' ? '"x"' : '3'}, ${member}`);
      expect(() => parseEvidence(toUtf8(twice))).toThrow('is there twice');
    }
  });

  it('is told apart from one of a newer program', () => {
    const newer = encodeEvidence(world.evidence).replace('"version": 4', '"version": 5');
    expect(() => parseEvidence(toUtf8(newer))).toThrow(/BYTES_VERSION/);
  });
});

describe('checking a record again', () => {
  const statusOf = async (evidence: Evidence, name: CheckName, tik = world.tik as typeof world.tik | undefined) => {
    const { status, checks } = await recheckEvidence(parseEvidence(bytesOf(evidence)), { roots, tik });
    return [status, checks.find((check) => check.name === name)?.status];
  };

  it('holds in every part with the TIK', async () => {
    const deviceKeys = [world.deviceKey];
    const { status, simulated, checks } = await recheckEvidence(world.signed, { roots, tik: world.tik, deviceKeys });
    expect({ status, simulated }).toEqual({ status: 'rechecked', simulated: true });
    expect(checks.map((check) => check.status)).toEqual(checks.map(() => 'holds'));
    // Without the device's word nothing shows that the image checks the kernel, and the verdict is the record's own.
    const alone = await recheckEvidence(world.evidence, { roots, tik: world.tik });
    expect(alone.status).toBe('consistent');
    const open = alone.checks.filter((check) => check.status !== 'holds');
    expect(open.map(({ name, status: how }) => [name, how])).toEqual([
      ['kernel', 'not-checked'],
      ['verdict', 'said'],
    ]);
  });

  it('never calls the measure checked without the TIK', async () => {
    const { status, checks, untold } = await recheckEvidence(world.evidence, { roots });
    expect(status).toBe('consistent');
    expect(checks.filter((check) => check.status === 'not-checked').map(({ name }) => name)).toEqual([
      'kernel',
      'session-mac',
      'measure',
    ]);
    // Nothing that the record merely says is shown as proven.
    const named = (how: string) => checks.filter((check) => check.status === how).map(({ name }) => name);
    expect(named('holds')).toEqual(['chain', 'session', 'image', 'digest']);
    expect(named('said')).toEqual(['policy', 'firmware', 'verdict']);
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
    expect(await statusOf(named, 'digest')).toEqual(['consistent', 'holds']);
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
    expect([status, checks.find(({ name }) => name === 'reports')?.status]).toEqual(['consistent', 'holds']);
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

describe('the signature of a device', () => {
  const check = (evidence: Evidence, deviceKeys: readonly Uint8Array[] = [world.deviceKey]) =>
    recheckEvidence(parseEvidence(bytesOf(evidence)), { roots, deviceKeys });
  const signatureIn = ({ checks }: Awaited<ReturnType<typeof check>>) =>
    checks.find(({ name }) => name === 'signature')?.status;

  it('proves the record, for those who pinned the key, and the order of its members does not matter', async () => {
    const { status, checks, untold } = await check(world.signed);
    expect(status).toBe('signed');
    const open = checks.filter((one) => one.status !== 'holds');
    expect(open.map(({ name }) => name)).toEqual(['session-mac', 'measure']);
    expect(untold.join(' ')).toContain('was not checked again');
    const turned = Object.fromEntries(Object.entries(world.signed).reverse()) as unknown as Evidence;
    expect((await check(turned)).status).toBe('signed');
  });

  it('proves nothing by a key that was not pinned, or another', async () => {
    expect(await check(world.signed, []).then((it) => [it.status, signatureIn(it)])).toEqual([
      'consistent',
      'not-checked',
    ]);
    const other = (await deviceSigner(await makeDeviceKey())).publicKey;
    expect((await check(world.signed, [other])).status).toBe('refused');
    expect((await check(world.signed, [other, world.deviceKey])).status).toBe('signed');
    expect((await check(world.evidence)).status).toBe('refused');
  });

  it('breaks with any change, also where no key was pinned', async () => {
    const { signature } = world.signed;
    const changed: readonly Evidence[] = [
      { ...world.signed, launch: { ...world.signed.launch, name: 'another' } },
      { ...world.signed, history: [] },
      { ...world.signed, verdict: { ...world.signed.verdict, at: '2026-01-31T12:00:00.001Z' } },
      { ...world.signed, expected: { ...world.signed.expected, floor: { apiMajor: 0, apiMinor: 17, build: 0 } } },
      { ...world.signed, signature: { ...signature!, signature: flip(signature!.signature, 5) } },
      { ...world.signed, signature: { ...signature!, key: flip(signature!.key, 0) } },
      { ...world.signed, signature: { ...signature!, key: flip(signature!.key, 9) } },
    ];
    for (const one of changed) {
      expect((await check(one)).status).toBe('refused');
      expect((await check(one, [])).status).toBe('refused');
    }
  });

  it('is made by a key that cannot be taken out, and pinned as text', async () => {
    const pair = await makeDeviceKey();
    expect([pair.privateKey.extractable, pair.privateKey.type]).toEqual([false, 'private']);
    const text = encodeDeviceKey(world.deviceKey);
    expect(parseDeviceKey(`  ${text}\n`, 'k')).toEqual(world.deviceKey);
    for (const wrong of ['', text.slice(1), text.replace('v1', 'v2'), `${text.slice(0, -4)}`, `${text}AAAA`])
      expect(() => parseDeviceKey(wrong, 'k')).toThrow('BYTES_');
  });
});

describe('what the record says of its guest image', () => {
  const check = (evidence: Evidence, image?: ReadImage) =>
    recheckEvidence(parseEvidence(bytesOf(evidence)), { roots, tik: world.tik, image });
  const withFacts = (facts: Evidence['expected']['guestImage']['facts']): Evidence => {
    const { facts: _, ...guestImage } = world.evidence.expected.guestImage;
    const version = facts ? 4 : 1;
    const image = { ...guestImage, ...(facts && { facts }) };
    return { ...world.evidence, version, expected: { ...world.evidence.expected, guestImage: image } };
  };
  const sha256 = () => fromHex(world.evidence.expected.guestImage.sha256);
  const code = { kernelHashes: 'found', secrets: 'found' } as const;
  const image = (areas: Partial<GuestImage>): GuestImage => ({
    size: 4096,
    kind: 'amd-sev',
    entries: [],
    code,
    ...areas,
  });
  const hashArea = { base: 0x810c00, size: 0x400 };

  it('is refused where the image cannot check the kernel that was measured, whatever the verdict says', async () => {
    for (const facts of [{ kind: 'code' }, { kind: 'whole' }, { kind: 'amd-sev', secretArea: hashArea }] as const) {
      const { status, checks } = await check(withFacts(facts));
      expect(status).toBe('refused');
      expect(checks.find(({ name }) => name === 'kernel')?.sentence).toContain('no place for kernel hashes');
    }
  });

  it('is proven by the file alone, and refused where the file shows something else', async () => {
    expect((await check(world.evidence, { sha256: sha256(), image: image({ hashArea }) })).status).toBe('rechecked');
    expect((await check(withFacts(undefined), { sha256: sha256(), image: image({ hashArea }) })).status).toBe(
      'rechecked',
    );
    expect((await check(world.evidence, { sha256: sha256(), image: image({}) })).status).toBe('refused');
    expect((await check(world.evidence, { sha256: sha256(), image: undefined })).status).toBe('refused');
    const advertising = { kernelHashes: 'missing', secrets: 'missing' } as const;
    const other = image({ hashArea, code: advertising });
    expect((await check(world.evidence, { sha256: sha256(), image: other })).status).toBe('refused');
    const moved = image({ hashArea: { base: 0x1000, size: 0x400 } });
    expect((await check(world.evidence, { sha256: sha256(), image: moved })).status).toBe('refused');
    expect((await check(world.evidence, { sha256: new Uint8Array(32), image: image({ hashArea }) })).status).toBe(
      'refused',
    );
  });

  it('is refused for an image that only advertises, and stays open where the owner vouched for it', async () => {
    const facts = { kind: 'code', hashArea, code: { kernelHashes: 'missing', secrets: 'missing' } } as const;
    expect((await check(withFacts(facts))).status).toBe('refused');
    const { checks } = await check(withFacts({ ...facts, vouched: true }));
    expect(checks.find(({ name }) => name === 'kernel')?.status).toBe('not-checked');
  });

  it('is open in records from before it was written down', async () => {
    const { status, checks } = await check(withFacts(undefined));
    expect([status, checks.find(({ name }) => name === 'kernel')?.status]).toEqual(['consistent', 'not-checked']);
  });
});

/** As programs wrote it before a record could carry facts of the image, or a signature. */
function oldRecord({ signature: _, ...evidence }: Evidence, version: number): Evidence {
  const { facts: __, ...guestImage } = evidence.expected.guestImage;
  return { ...evidence, version, expected: { ...evidence.expected, guestImage } };
}

type PagesOf = NonNullable<NonNullable<Evidence['expected']['cpus']>['pages']>;
type CpusOf = NonNullable<Evidence['expected']['cpus']>;

const withPages = (evidence: Evidence, pages: PagesOf, said: Partial<CpusOf> = {}): Evidence => ({
  ...evidence,
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
