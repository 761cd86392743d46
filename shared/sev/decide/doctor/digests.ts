// Which launch digests may have been measured, in the order of how much each would surprise.
import { readState } from '../../../crypto/sha256-block.ts';
import { Sha256Stream } from '../../../crypto/sha256-stream.ts';
import { MAX_VCPUS } from '../../../guest/vmsa.ts';
import type { DoctorCase, DoctorImage } from './case.ts';
import { asExpected, type Change, changed, type Variant } from './change.ts';
import { type KernelTable, kernelVariants } from './kernels.ts';
import { pageRun } from './page-run.ts';
import { type RegisterSet, registerVariants, vcpusChange } from './registers.ts';

export interface DigestCandidate {
  /** Eight words. */
  readonly digest: Int32Array;
  /** Whether VMSA pages are part of it, which has to fit the policy; undefined where that is not known. */
  readonly es: boolean | undefined;
  readonly changes: () => readonly Change[];
}

export interface DigestPlan {
  readonly images: readonly Variant<DoctorImage>[];
  readonly kernels: readonly Variant<KernelTable>[];
  readonly registers: readonly Variant<RegisterSet | undefined>[];
  readonly reportDigest: Uint8Array | undefined;
}

/** @param most the greatest weight that is asked for */
export const planDigests = (given: DoctorCase, most: number): DigestPlan => ({
  images: imageVariants(given),
  kernels: kernelVariants(given, most),
  registers: registerVariants(given, most),
  reportDigest: given.reportDigest,
});

/**
 * Every candidate whose weights add up to just this.
 * @param kinds whether digests with VMSA pages are asked for, and whether those without
 */
export function* digestsOfWeight(
  plan: DigestPlan,
  weight: number,
  kinds: { readonly es: boolean; readonly plain: boolean },
): Generator<DigestCandidate> {
  const registerSets = plan.registers.filter(({ value }) => (value ? kinds.es : kinds.plain));
  if (weight === 1 && plan.reportDigest) {
    yield { digest: readState(plan.reportDigest), es: undefined, changes: () => [REPORTED_DIGEST] };
  }
  for (const image of plan.images) {
    for (const kernel of plan.kernels) {
      const left = weight - image.weight - kernel.weight;
      if (left < 0) continue;
      const stream = Sha256Stream.from(image.value.state);
      if (kernel.value) stream.update(kernel.value);
      for (const registers of registerSets) {
        const changes = () => [...image.changes(), ...kernel.changes(), ...registers.changes()];
        yield* withRegisters(stream, image.value.resetEip, registers, left - registers.weight, changes);
      }
    }
  }
}

function* withRegisters(
  stream: Sha256Stream,
  resetEip: number | undefined,
  { value: set }: Variant<RegisterSet | undefined>,
  left: number,
  changes: () => readonly Change[],
): Generator<DigestCandidate> {
  if (!set) {
    if (left === 0) yield { digest: readState(stream.digest()), es: false, changes };
    return;
  }
  // The expected number of vCPUs weighs nothing, any other one.
  const any = set.vcpus === undefined;
  const boot = set.page('boot', resetEip);
  if (!boot || left < 0 || left > (any ? 0 : 1)) return;
  const most = left === 0 && !any ? set.vcpus : MAX_VCPUS;
  for (const { vcpus, digest } of pageRun(stream.midstate(), boot, set.page('other', resetEip), most)) {
    const expected = vcpus === set.vcpus;
    if (!any && expected !== (left === 0)) continue;
    yield { digest, es: true, changes: expected ? changes : () => [...changes(), vcpusChange(set.vcpus, vcpus)] };
  }
}

function imageVariants({ expected, library }: DoctorCase): readonly Variant<DoctorImage>[] {
  const others = (library?.images ?? []).filter((image) => image.state !== expected.image.state);
  return [
    asExpected(expected.image),
    ...others.map((image) =>
      changed(image, 1, () => ({
        factor: 'guest-image',
        expected: expected.image.name,
        found: image.name,
        sentence: `The host launched “${image.name}”, not “${expected.image.name}”.`,
        next: 'Have the host launch your image; or, if you trust the other, choose it and verify again.',
      })),
    ),
  ];
}

export const REPORTED_DIGEST: Change = {
  factor: 'reported-digest',
  expected: 'a digest of your inputs',
  found: 'the digest of the attestation report',
  sentence:
    'The AMD-SP measured what its attestation report names: key, policy and version are right, the inputs differ.',
  next: 'Add the images, kernels and settings that the host may have used to your library, and ask the doctor again.',
};
