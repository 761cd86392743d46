import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex, fromUtf8, toHex, toUtf8 } from '../../bytes/text.ts';
import { digest, sha256 } from '../../crypto/subtle.ts';
import { cmdlineBytes, type KernelHashes } from '../../guest/kernel-hashes.ts';
import { describeWithVectors, vectorBytes } from '../../testing/vectors.ts';
import { parseSevMetadata } from '../formats/sev-metadata.ts';
import {
  digestAfterMetadata,
  type SnpLaunch,
  snpDigestOfPages,
  snpDigestsByVcpus,
  snpLaunchDigest,
  snpVmsa,
  type SnpVmm,
} from './launch-digest.ts';
import { PAGE_SIZE, PageChain, type PageType } from './page-chain.ts';
import {
  encodeSnpImage,
  hashSnpImage,
  hashSnpImageSync,
  parseSnpImage,
  readSnpImage,
  type SnpImage,
} from './snp-image.ts';
import { afterSvsmImages, planSvsm, svsmLaunchDigest } from './svsm.ts';

/** Feature words have 64 bits: JSON's numbers would lose some of them. */
const vectors = <T>(name: string): T =>
  JSON.parse(fromUtf8(vectorBytes(`snp-measurement/${name}`)).replace(/"features": ?(\d+)/g, '"features": "$1"')) as T;

const file = (path: string): Uint8Array =>
  vectorBytes(path.startsWith('../') ? path.slice(3) : `snp-measurement/${path}`);

const images = new Map<string, Promise<SnpImage>>();
const imageOf = (path: string): Promise<SnpImage> => {
  const known = images.get(path) ?? hashSnpImage(file(path));
  images.set(path, known);
  return known;
};

interface Case {
  readonly name: string;
  readonly firmware: string;
  readonly variant: SnpVmm;
  readonly cpus: number;
  readonly signature: number | null;
  readonly features: string;
  readonly kernel: string | null;
  readonly initrd: string | null;
  readonly cmdline: string | null;
  readonly after_image?: string;
  readonly after_metadata?: string;
  readonly digest: string | null;
}

async function hashesOf({
  kernel,
  initrd,
  cmdline,
}: Pick<Case, 'kernel' | 'initrd' | 'cmdline'>): Promise<KernelHashes | undefined> {
  if (kernel === null) return undefined;
  const hash = (hex: string | null): Promise<Uint8Array> => sha256(fromHex(hex ?? ''));
  return { kernel: await hash(kernel), initrd: await hash(initrd), cmdline: await sha256(cmdlineBytes(cmdline ?? '')) };
}

async function launchOf(given: Case): Promise<SnpLaunch> {
  const kernelHashes = await hashesOf(given);
  return {
    image: await imageOf(given.firmware),
    vmm: given.variant,
    vcpus: given.cpus,
    features: BigInt(given.features),
    ...(given.signature !== null && { cpuSignature: given.signature }),
    ...(kernelHashes && { kernelHashes }),
  };
}

describeWithVectors('SNP launch digests', () => {
  const { cases, series } = vectors<{ cases: Case[]; series: Case & { digests_for_1_to_64_cpus: string[] } }>(
    'generated.json',
  );

  it.each(cases.map((given) => [given.name, given] as const))('are those of the reference: %s', async (_, given) => {
    const launch = await launchOf(given);
    expect(toHex(launch.image.afterImage)).toBe(given.after_image);
    expect(toHex(digestAfterMetadata(launch))).toBe(given.after_metadata);
    expect(toHex(snpLaunchDigest(launch))).toBe(given.digest);
    const kept = parseSnpImage(encodeSnpImage(launch.image));
    expect(toHex(snpLaunchDigest({ ...launch, image: kept }))).toBe(given.digest);
  });

  it('come for 1 to 64 vCPUs in one pass', async () => {
    const launch = await launchOf({ ...series, cpus: 64 });
    expect(snpDigestsByVcpus(launch).map(toHex)).toEqual(series.digests_for_1_to_64_cpus);
  });

  it('are the same from pages of the owner’s own', async () => {
    const launch = await launchOf({ ...series, cpus: 3 });
    const pages = (['boot', 'other', 'other'] as const).map((cpu) => snpVmsa(launch.image, launch, cpu));
    expect(toHex(snpDigestOfPages(launch, pages))).toBe(series.digests_for_1_to_64_cpus[2]);
  });

  const published = vectors<{ cases: (Case & { reject?: string })[] }>('published.json').cases;
  it.each(published.map((given) => [given.name, given] as const))(
    'are those that were published: %s',
    async (_, given) => {
      const launch = await launchOf(given);
      if (given.digest === null) expect(() => snpLaunchDigest(launch)).toThrow('SNP_KERNEL');
      else expect(toHex(snpLaunchDigest(launch))).toBe(given.digest);
    },
  );
});

describeWithVectors('The chain of pages', () => {
  interface Page {
    readonly type: PageType;
    readonly gpa: string;
    readonly size: number;
    readonly fill?: number;
    readonly data_utf8_ends?: readonly [string, string];
  }
  const { cases } = vectors<{ cases: { name: string; start: string; pages: Page[]; digest: string }[] }>('pages.json');

  it.each(cases.map((given, i) => [`${i}: ${given.name}`, given] as const))(
    'is that of the reference: %s',
    (_, given) => {
      const chain = new PageChain(fromHex(given.start));
      for (const { type, gpa, size, fill, data_utf8_ends } of given.pages) {
        const bytes = new Uint8Array(size).fill(fill ?? 0);
        if (data_utf8_ends) {
          bytes.set(toUtf8(data_utf8_ends[0]));
          bytes.set(toUtf8(data_utf8_ends[1]), size - data_utf8_ends[1].length);
        }
        if (type === 1 || type === 2) chain.add(type, Number(gpa), bytes);
        else chain.addPlain(type, Number(gpa), size);
      }
      expect(toHex(chain.digest)).toBe(given.digest);
    },
  );
});

describeWithVectors('First registers under SNP', () => {
  interface Registers {
    readonly variant: SnpVmm | 'svsm';
    readonly cpu: number;
    readonly features: string;
    readonly signature: number;
    readonly reset_eip: number;
    readonly sha384: string;
  }
  const { cases } = vectors<{ cases: Registers[] }>('vmsa.json');
  it.each(cases.filter(({ variant }) => variant !== 'svsm').map((given, i) => [i, given] as const))(
    'are byte for byte those of the reference: %i',
    async (_, { variant, cpu, features, signature, reset_eip, sha384 }) => {
      const cpus = { vmm: variant as SnpVmm, cpuSignature: signature, features: BigInt(features) };
      const page = snpVmsa({ resetEip: reset_eip }, cpus, cpu === 0 ? 'boot' : 'other');
      expect(toHex(await digest('SHA-384', page))).toBe(sha384);
    },
  );
});

describeWithVectors('SEV metadata', () => {
  interface Metadata {
    readonly file: string;
    readonly sections: readonly [number, number, number][];
    readonly reset_eip: number;
    readonly hash_area: readonly [number, number];
    readonly digest_after_image: string;
  }
  it.each(vectors<{ cases: Metadata[] }>('metadata.json').cases.map((given) => [given.file, given] as const))(
    'of %s are read in their order',
    async (path, given) => {
      const image = readSnpImage(file(path));
      expect(image.sections.map(({ gpa, size, type }) => [gpa, size, type])).toEqual(given.sections);
      expect(image.resetEip ?? 0).toBe(given.reset_eip);
      expect(image.hashArea?.base ?? 0).toBe(given.hash_area[0]);
      const hashed = await hashSnpImage(file(path));
      expect(toHex(hashed.afterImage)).toBe(given.digest_after_image);
      expect(hashSnpImageSync(file(path))).toEqual(hashed);
    },
  );
});

describeWithVectors('A launch that cannot be', () => {
  interface Refused {
    readonly file: string;
    readonly why: string;
    readonly kernel?: string | null;
    readonly reason: string;
    readonly arguments?: Partial<Case> & { readonly features?: string };
  }
  /** Of the reference's reasons, the code and place that say the same here. */
  const CODES: Readonly<Record<string, RegExp>> = {
    'snp.nometadata': /^SNP_IMAGE at guestImage\.metadata:/,
    'snp.metadata.signature': /^SNP_IMAGE at guestImage\.metadata\.signature:/,
    'snp.metadata.version': /^SNP_IMAGE at guestImage\.metadata\.version:/,
    'snp.metadata.length': /^SNP_IMAGE at guestImage\.metadata\.length:/,
    'snp.metadata.offset': /^SNP_IMAGE at guestImage\.metadata\.offset:/,
    'snp.metadata.type': /^SNP_IMAGE at guestImage\.metadata\.sections\[\d\]\.type:/,
    'snp.metadata.range': /^SNP_IMAGE at guestImage\.metadata\.sections\[\d\]:/,
    'snp.size': /^SNP_IMAGE at guestImage\.size:/,
    'ovmf.nohashes': /^SNP_KERNEL at guestImage\.hashArea:/,
    'snp.nohashes': /^SNP_KERNEL at guestImage\.metadata:/,
    'snp.hashes.area': /^SNP_KERNEL at guestImage\.hashArea:/,
    'vmsa.count': /^MEASURE_VCPUS at vcpus:/,
    'snp.features': /^SNP_FEATURES at features:/,
    'snp.nocpu': /^MEASURE_CPU at cpu\.signature:/,
    'ovmf.noreset': /^SNP_IMAGE at guestImage\.resetEip:/,
    'snp.start': /^SNP_RESUME at afterImage:/,
  };
  // An initrd or a command line without a kernel cannot even be said here: hashes are of all three.
  const cases = vectors<{ cases: Refused[] }>('refused.json').cases.filter(
    ({ reason }) => reason !== 'digest.nokernel',
  );

  it.each(cases.map((given) => [given.why, given] as const))('is refused: %s', async (_, given) => {
    const run = async (): Promise<Uint8Array> => {
      const image = await hashSnpImage(file(given.file));
      const { variant = 'qemu', cpus = 1, signature = 0x800f12, features = '1', after_image } = given.arguments ?? {};
      const kernel = given.arguments?.kernel ?? given.kernel ?? null;
      const kernelHashes = await hashesOf({ kernel, initrd: null, cmdline: null });
      return snpLaunchDigest({
        image: { ...image, ...(after_image !== undefined && { afterImage: fromHex(after_image) }) },
        vmm: variant,
        vcpus: cpus,
        features: BigInt(features),
        ...(signature !== null && { cpuSignature: signature }),
        ...(kernelHashes && { kernelHashes }),
      });
    };
    await expect(run()).rejects.toThrow(CODES[given.reason]);
  });
});

describeWithVectors('SVSM without IGVM', () => {
  interface Svsm {
    readonly firmware: string;
    readonly svsm: string;
    readonly vars_size: number;
    readonly cpus: number;
    readonly signature: number;
    readonly features: string;
    readonly mxcsr: number;
    readonly digest: string;
  }
  it.each(vectors<{ cases: Svsm[] }>('svsm.json').cases.map((given, i) => [i, given] as const))(
    'has the digest of the reference: %i',
    (_, given) => {
      const [firmware, svsm] = [file(given.firmware), file(given.svsm)];
      const plan = planSvsm(svsm, { firmware: firmware.length, variables: given.vars_size, svsm: svsm.length });
      const cpus = { vcpus: given.cpus, cpuSignature: given.signature, features: BigInt(given.features) };
      const digest = svsmLaunchDigest(afterSvsmImages(firmware, svsm, plan), plan, { ...cpus, fpu: given.mxcsr !== 0 });
      expect(toHex(digest)).toBe(given.digest);
    },
  );

  it('has the digest that was read on hardware', () => {
    const given = vectors<{
      vars_size: number;
      signature: number;
      firmware_size: number;
      svsm_size: number;
      svsm_suffix: string;
      after_images: string;
      cases: { cpus: number; digest: string }[];
    }>('published-svsm.json');
    const sizes = { firmware: given.firmware_size, variables: given.vars_size, svsm: given.svsm_size };
    const plan = planSvsm(file(given.svsm_suffix), sizes);
    for (const { cpus, digest } of given.cases) {
      const made = { vcpus: cpus, cpuSignature: given.signature, fpu: false };
      expect(toHex(svsmLaunchDigest(fromHex(given.after_images), plan, made))).toBe(digest);
    }
  });
});

describeWithVectors('A resume point', () => {
  let kept: Uint8Array;
  beforeAll(async () => void (kept = encodeSnpImage(await imageOf('firmware/shuffled.bin'))));

  it('comes back as it was', async () => {
    expect(parseSnpImage(kept)).toEqual(await imageOf('firmware/shuffled.bin'));
    expect(kept.length).toBeLessThan(130);
  });

  it('is refused when it was cut, or when a byte of its form was changed', () => {
    for (let length = 0; length < kept.length; length++)
      expect(() => parseSnpImage(kept.slice(0, length)), `${length} bytes`).toThrow(/^(BYTES_LENGTH|SNP_RESUME)/);
    expect(() => parseSnpImage(Uint8Array.of(...kept, 0))).toThrow('BYTES_LENGTH');
    for (const at of [0, 1, 65, 67]) {
      const changed = kept.slice();
      changed[at]! ^= 0x55;
      expect(() => parseSnpImage(changed), `byte ${at}`).toThrow(/^(BYTES_LENGTH|SNP_RESUME)/);
    }
  });
});

describe('SEV metadata from the end of an image alone', () => {
  it('are refused by their place where they stand beyond it', () => {
    const entry = { guid: 'dc886566-984a-4798-a75e-5585a7bf67cc' as const, data: Uint8Array.of(0, 0x10, 0, 0) };
    const image = { size: 2 * PAGE_SIZE, entries: [entry] };
    expect(() => parseSevMetadata(image, new Uint8Array(100))).toThrow(/^SNP_IMAGE at guestImage\.metadata\.offset:/);
  });
});
