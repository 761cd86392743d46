import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import { encodeMidstate, parseMidstate } from '../../crypto/sha256-midstate.ts';
import { sha256, webCryptoRandom } from '../../crypto/subtle.ts';
import { signatureOfModel } from '../../guest/cpu-signature.ts';
import { parseGuestImage } from '../../guest/guest-image.ts';
import { hashKernel } from '../../guest/kernel-hashes.ts';
import { buildVmsaPages, type VmsaVariant, vmsaSequence } from '../../guest/vmsa.ts';
import { sessionWithFixedKeysForTests, trustVectorPlatform } from '../../testing/launch-world.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import type { TrustedPdh } from './cert-chain.ts';
import { computeLaunchDigest, hashGuestImage, launchDigestOf, launchDigestTail } from './launch-digest.ts';
import { verifyLaunchMeasure } from './launch-measure.ts';

const image = Uint8Array.from({ length: 5000 }, (_, i) => i * 13);
const settings = { variant: 'qemu', cpuSignature: 0xa00f11, resetEip: 0x80b004 } as const;

describe('A launch digest', () => {
  it('covers image, kernel hashes and VMSA pages, in this order', async () => {
    const kernelHashes = await hashKernel({ kernel: new Uint8Array(9) });
    const vmsas = buildVmsaPages(settings, 3);
    const tail = launchDigestTail({ kernelHashes, vmsas });
    expect(tail.length).toBe(176 + 3 * 4096);
    const whole = concat(image, tail);
    const guestImage = hashGuestImage(image.slice(0, 100), image.slice(100));
    expect(await computeLaunchDigest({ guestImage, kernelHashes, vmsas })).toEqual(await sha256(whole));
    expect(await computeLaunchDigest({ guestImage })).toEqual(await sha256(image));
    expect(toHex(whole.slice(5176))).toBe(vmsaSequence(vmsas).map(toHex).join(''));
  });

  it('needs neither the image nor its time once its state was kept', () => {
    const kept = encodeMidstate(hashGuestImage(image));
    expect(kept.length).toBeLessThan(105);
    const vmsas = buildVmsaPages(settings, 2);
    const now = launchDigestOf({ guestImage: hashGuestImage(image), vmsas });
    expect(launchDigestOf({ guestImage: parseMidstate(kept), vmsas })).toEqual(now);
  });

  it('changes with every count of vCPUs up to 512', () => {
    const guestImage = hashGuestImage(image);
    const counts = [...Array.from({ length: 64 }, (_, i) => i + 1), 255, 256, 511, 512];
    const digests = counts.map((vcpus) =>
      toHex(launchDigestOf({ guestImage, vmsas: buildVmsaPages(settings, vcpus) })),
    );
    expect(new Set(digests).size).toBe(counts.length);
  });

  it('is refused as a promise, not by throwing', async () => {
    const vmsas = { boot: new Uint8Array(4096), vcpus: 2 };
    const digest = computeLaunchDigest({ guestImage: hashGuestImage(image), vmsas });
    await expect(digest).rejects.toThrow('MEASURE_VCPUS');
  });
});

interface Case {
  firmware: string;
  kernel: string | null;
  initrd: string | null;
  cmdline: string | null;
  policy: number;
  cpus: number;
  cpu_model: string;
  signature: number;
  kind: VmsaVariant;
  sev_features: number;
  api: [number, number];
  build: number;
  digest: string;
  mnonce: string;
  tik: string;
  measurement: string;
}
type Published = Omit<Case, 'signature' | 'api' | 'build' | 'mnonce' | 'tik' | 'measurement'> & { name: string };

async function digestOf(vector: Omit<Published, 'name' | 'policy'>): Promise<Uint8Array> {
  const bytes = vectorBytes(vector.firmware);
  const { resetEip } = parseGuestImage(bytes);
  const { kernel, initrd, cmdline } = vector;
  const files =
    kernel === null ? undefined : { kernel: fromHex(kernel), initrd: fromHex(initrd ?? ''), cmdline: cmdline ?? '' };
  const cpuSignature = signatureOfModel(vector.cpu_model);
  const registers = { variant: vector.kind, cpuSignature, resetEip: resetEip!, sevFeatures: vector.sev_features };
  const kernelHashes = files && (await hashKernel(files));
  return computeLaunchDigest({
    guestImage: hashGuestImage(bytes),
    ...(kernelHashes && { kernelHashes }),
    vmsas: buildVmsaPages(registers, vector.cpus),
  });
}

describeWithVectors('The vectors of measurement-seves.json', () => {
  const { cases } = vectorJson<{ cases: Case[] }>('measurement-seves.json');
  let trustedPdh: TrustedPdh;
  beforeAll(async () => {
    trustedPdh = await trustVectorPlatform();
  });

  it.each(cases)('%# verify: $cpus × $cpu_model, $kind, features $sev_features', async (vector) => {
    expect(signatureOfModel(vector.cpu_model)).toBe(vector.signature);
    const digest = await digestOf(vector);
    expect(toHex(digest)).toBe(vector.digest);
    const keys = { tek: webCryptoRandom(16), tik: fromHex(vector.tik) };
    const session = await sessionWithFixedKeysForTests(keys, { trustedPdh, policy: vector.policy });
    const [apiMajor, apiMinor] = vector.api;
    const report = { measure: fromHex(vector.measurement), mnonce: fromHex(vector.mnonce), apiMajor, apiMinor };
    const verified = await verifyLaunchMeasure(session, digest, {
      ...report,
      build: vector.build,
      policy: vector.policy,
    });
    expect(toHex(verified.expectedMeasure)).toBe(vector.measurement);
    const other = await digestOf({ ...vector, cpus: vector.cpus + 1 });
    const refused = verifyLaunchMeasure(session, other, { ...report, build: vector.build, policy: vector.policy });
    await expect(refused).rejects.toThrow('MEASURE_MISMATCH');
  });

  it('have the SEV-ES digest that another project published', async () => {
    const { cases } = vectorJson<{ cases: Published[] }>('measurement-published.json');
    const published = cases.find(({ name }) => name === 'test_seves')!;
    expect(toHex(await digestOf(published))).toBe(published.digest);
  });
});
