import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../bytes/text.ts';
import { webCryptoRandom } from '../../crypto/subtle.ts';
import { hashKernel } from '../../guest/kernel-hashes.ts';
import { parseLaunchMeasure } from '../formats/launch-measure.ts';
import { launchForTests, sessionWithFixedKeysForTests, trustVectorPlatform } from '../../testing/launch-world.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import type { TrustedPdh } from './cert-chain.ts';
import { computeLaunchDigest, hashGuestImage } from './launch-digest.ts';
import { type MeasuredLaunch, encodeMeasuredLaunch, verifyLaunchMeasure } from './launch-measure.ts';

const image = Uint8Array.from({ length: 8192 }, (_, i) => i * 7);
const POLICY = 3;

describe('A launch measure', () => {
  it('of the expected guest image verifies, and none with any other input', async () => {
    const { session, reported } = await launchForTests(POLICY, [image]);
    const digest = await computeLaunchDigest({ guestImage: hashGuestImage(image) });
    const verified = await verifyLaunchMeasure(session, digest, reported);
    expect(verified.expectedMeasure).toEqual(reported.measure);
    expect(verified.expectedMeasure).not.toBe(reported.measure);

    const flipped = (bytes: Uint8Array, bit: number) =>
      bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    const refused = (changedDigest: Uint8Array, change: object) =>
      expect(verifyLaunchMeasure(session, changedDigest, { ...reported, ...change })).rejects.toThrow(
        'MEASURE_MISMATCH',
      );
    for (let bit = 0; bit < 256; bit += 5) {
      await refused(flipped(digest, bit), {});
      await refused(digest, { measure: flipped(reported.measure, bit) });
      await refused(digest, { mnonce: flipped(reported.mnonce, bit >> 1) });
    }
    for (const name of ['apiMajor', 'apiMinor', 'build'] as const) {
      for (const value of [0, 1, 16, 17, 23, 25, 255]) {
        if (value !== reported[name]) await refused(digest, { [name]: value });
      }
    }
  });

  it('under another policy is refused for that, even if the host admits to it', async () => {
    const { session, reported } = await launchForTests(POLICY, [image]);
    const digest = await computeLaunchDigest({ guestImage: hashGuestImage(image) });
    const verified = verifyLaunchMeasure(session, digest, { ...reported, policy: 1 });
    await expect(verified).rejects.toThrow('MEASURE_POLICY_CHANGED at reported.policy');
  });

  it.each([
    [{ measure: new Uint8Array(31) }, 'BYTES_LENGTH at reported.measure'],
    [{ mnonce: new Uint8Array(17) }, 'BYTES_LENGTH at reported.mnonce'],
    [{ apiMajor: 256 }, 'BYTES_VALUE at reported.apiMajor'],
    [{ apiMinor: -1 }, 'BYTES_VALUE at reported.apiMinor'],
    [{ build: 1.5 }, 'BYTES_VALUE at reported.build'],
    [{ policy: 2 ** 32 }, 'BYTES_VALUE at reported.policy'],
  ])('is refused where the report is none: %j', async (change, message) => {
    const { session, reported } = await launchForTests(POLICY, [image]);
    await expect(verifyLaunchMeasure(session, new Uint8Array(32), { ...reported, ...change })).rejects.toThrow(message);
  });

  it('needs a digest of 32 bytes', async () => {
    const { session, reported } = await launchForTests(POLICY, [image]);
    await expect(verifyLaunchMeasure(session, new Uint8Array(48), reported)).rejects.toThrow(
      'BYTES_LENGTH at launchDigest',
    );
  });
});

it('Every input of a measure changes its message', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const launch = fc.record({
    apiMajor: byte,
    apiMinor: byte,
    build: byte,
    policy: fc.integer({ min: 0, max: 0xffffffff }),
    launchDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    mnonce: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  });
  const old = ({ apiMajor, apiMinor }: MeasuredLaunch) => apiMajor === 0 && apiMinor < 17;
  const measured = ({ apiMajor, apiMinor, build, ...rest }: MeasuredLaunch) =>
    [
      rest.policy,
      toHex(rest.launchDigest),
      toHex(rest.mnonce),
      ...(old({ apiMajor, apiMinor, build, ...rest }) ? [] : [apiMajor, apiMinor, build]),
    ].join();
  fc.assert(
    fc.property(launch, launch, (a, b) => {
      const same = toHex(encodeMeasuredLaunch(a)) === toHex(encodeMeasuredLaunch(b));
      expect(same).toBe(measured(a) === measured(b));
      expect(encodeMeasuredLaunch(a).length).toBe(old(a) ? 52 : 56);
    }),
  );
});

interface Case {
  firmware: string;
  kernel: string | null;
  initrd: string | null;
  cmdline: string | null;
  policy: number;
  api: [number, number];
  build: number;
  digest: string;
  tik: string;
  measurement: string;
  blob: string;
}
interface Refused {
  of?: number;
  blob?: string;
  change?: Partial<Pick<Case, 'policy' | 'build' | 'api' | 'tik'>>;
  reason: string;
  why: string;
}

describeWithVectors('The vectors of measurement-sev.json', () => {
  const { cases, rejected } = vectorJson<{ cases: Case[]; rejected: Refused[] }>('measurement-sev.json');
  let trustedPdh: TrustedPdh;
  beforeAll(async () => {
    trustedPdh = await trustVectorPlatform();
  });

  const digestOf = async ({ firmware, kernel, initrd, cmdline }: Case) => {
    const files =
      kernel === null ? undefined : { kernel: fromHex(kernel), initrd: fromHex(initrd ?? ''), cmdline: cmdline ?? '' };
    const kernelHashes = files && (await hashKernel(files));
    return computeLaunchDigest({
      guestImage: hashGuestImage(vectorBytes(firmware)),
      ...(kernelHashes && { kernelHashes }),
    });
  };
  const verify = async (vector: Case) => {
    const keys = { tek: webCryptoRandom(16), tik: fromHex(vector.tik) };
    const session = await sessionWithFixedKeysForTests(keys, { trustedPdh, policy: vector.policy });
    const [apiMajor, apiMinor] = vector.api;
    const blob = parseLaunchMeasure(fromHex(vector.blob));
    return verifyLaunchMeasure(session, await digestOf(vector), {
      ...blob,
      apiMajor,
      apiMinor,
      build: vector.build,
      policy: vector.policy,
    });
  };

  it.each(cases)('%# verify: $firmware, policy $policy, API $api', async (vector) => {
    const verified = await verify(vector);
    expect(toHex(verified.launchDigest)).toBe(vector.digest);
    expect(toHex(verified.expectedMeasure)).toBe(vector.measurement);
  });

  const ofCase = rejected.filter(({ of }) => of !== undefined);
  it.each(ofCase)('are refused: $why', async ({ of, blob, change, reason }) => {
    const base = cases[of!]!;
    await expect(verify(base)).resolves.toBeDefined();
    const changed = verify({ ...base, ...change, ...(blob !== undefined && { blob }) });
    await expect(changed).rejects.toThrow(reason === 'measure.size' ? 'BYTES_LENGTH' : 'MEASURE_MISMATCH');
  });

  interface Published {
    cases: {
      name: string;
      firmware: string;
      kernel: string;
      initrd: string;
      cmdline: string;
      cpus?: number;
      digest: string;
    }[];
  }
  it('have the digest that another project published', async () => {
    const published = vectorJson<Published>('measurement-published.json').cases.find(
      ({ name }) => name === 'test_sev',
    )!;
    expect(toHex(await digestOf({ ...cases[0]!, ...published }))).toBe(published.digest);
  });
});
