// The launch digest of an SNP guest: what MEASUREMENT of its report must be, from the owner's own image and kernel.
import { SevError } from '../../errors.ts';
import { SHA384_SIZE, type Sha384, sha384Sync } from '../../crypto/sha384.ts';
import { encodeKernelHashes, KERNEL_HASHES_SIZE, type KernelHashes } from '../../guest/kernel-hashes.ts';
import { buildVmsa, requireVcpus, VMSA_SIZE, type VmsaVariant } from '../../guest/vmsa.ts';
import { type MetadataSection, SECTION_TYPE } from '../formats/sev-metadata.ts';
import { PAGE_SIZE, PAGE_TYPE, PageChain } from './page-chain.ts';
import type { SnpImage } from './snp-image.ts';

/**
 * Who starts the guest. `qemu`: QEMU on upstream Linux. `qemu-old`: on AMD's kernels before about 6.9, which store no
 * FPU state. `ec2`, `ec2-old` (before RDX was set), `gce`: clouds.
 */
export type SnpVmm = 'qemu' | 'qemu-old' | 'ec2' | 'ec2-old' | 'gce';
export const SNP_VMMS: readonly SnpVmm[] = ['qemu', 'qemu-old', 'ec2', 'ec2-old', 'gce'];

/** The page that each stands for in SEV-ES's words; under SNP the newest of QEMU's is the only one of today. */
const VMSA_OF: Readonly<Record<SnpVmm, VmsaVariant>> = {
  qemu: 'qemu-init2',
  'qemu-old': 'qemu',
  ec2: 'ec2',
  'ec2-old': 'ec2-old',
  gce: 'gce',
};

/** Where KVM says that every CPU's VMSA lies. */
export const VMSA_GPA = 0xffff_ffff_f000;
/** SEV_FEATURES bit 0: SNPActive. */
export const SNP_ACTIVE = 1n;

export interface SnpCpus {
  readonly vmm: SnpVmm;
  readonly vcpus: number;
  /** CPUID leaf 1 EAX of the guest CPU; clouds have their own and need none. */
  readonly cpuSignature?: number;
  /** SEV_FEATURES, 64 bits; bit 0 must be set. 0x1 where nothing was chosen. */
  readonly features?: bigint;
}

export interface SnpLaunch extends SnpCpus {
  readonly image: SnpImage;
  /** Only with kernel-hashes=on. Without them no kernel is measured, whatever the host loads. */
  readonly kernelHashes?: KernelHashes;
}

/**
 * The launch digest, 48 bytes.
 * @throws SevError SNP_IMAGE, SNP_KERNEL, SNP_FEATURES, MEASURE_VCPUS, MEASURE_CPU
 */
export const snpLaunchDigest = (launch: SnpLaunch, sha384: Sha384 = sha384Sync): Uint8Array =>
  new PageChainOfCpus(launch.image, launch, digestAfterMetadata(launch, sha384), sha384).digestOf(launch.vcpus);

/**
 * Digests for 1 to so many vCPUs, each one hash more than the one before.
 * @throws SevError as `snpLaunchDigest`
 */
export function snpDigestsByVcpus(launch: SnpLaunch, sha384: Sha384 = sha384Sync): readonly Uint8Array[] {
  requireVcpus(launch.vcpus);
  const cpus = new PageChainOfCpus(launch.image, launch, digestAfterMetadata(launch, sha384), sha384);
  return Array.from({ length: launch.vcpus }, (_, i) => cpus.digestOf(i + 1));
}

/**
 * The digest after the image and its metadata pages, before any CPU: a resume point for every count and model of CPUs.
 * @throws SevError SNP_KERNEL, BYTES_LENGTH
 */
export function digestAfterMetadata(
  { image, vmm, kernelHashes }: Pick<SnpLaunch, 'image' | 'vmm' | 'kernelHashes'>,
  sha384: Sha384 = sha384Sync,
): Uint8Array {
  if (image.afterImage.length !== SHA384_SIZE)
    throw new SevError('SNP_RESUME', { at: 'afterImage', because: `${image.afterImage.length} bytes instead of 48.` });
  const hashes = kernelHashes && kernelHashesPage(image, kernelHashes);
  const chain = new PageChain(image.afterImage, sha384);
  for (const section of inOrder(image.sections, vmm)) addSection(chain, section, vmm, hashes);
  return chain.digest;
}

/** EC2 adds the CPUID page behind all other sections; everyone else takes the table as it stands. */
function inOrder(sections: readonly MetadataSection[], vmm: SnpVmm): readonly MetadataSection[] {
  if (vmm !== 'ec2' && vmm !== 'ec2-old') return sections;
  const isCpuid = ({ type }: MetadataSection): boolean => type === SECTION_TYPE.cpuid;
  return [...sections.filter((section) => !isCpuid(section)), ...sections.filter(isCpuid)];
}

function addSection(chain: PageChain, { gpa, size, type }: MetadataSection, vmm: SnpVmm, hashes?: Uint8Array): void {
  switch (type) {
    case SECTION_TYPE.secrets:
      return void chain.addPlain(PAGE_TYPE.secrets, gpa, size);
    case SECTION_TYPE.cpuid:
      return void chain.addPlain(PAGE_TYPE.cpuid, gpa, size);
    case SECTION_TYPE.secMem:
      return void chain.addPlain(vmm === 'gce' ? PAGE_TYPE.unmeasured : PAGE_TYPE.zero, gpa, size);
    case SECTION_TYPE.kernelHashes:
      return void (hashes ? chain.add(PAGE_TYPE.normal, gpa, hashes) : chain.addPlain(PAGE_TYPE.zero, gpa, size));
    default:
      return void chain.addPlain(PAGE_TYPE.zero, gpa, size);
  }
}

/** The section with the hashes at the hash area's place in its first page. @throws SevError SNP_KERNEL */
function kernelHashesPage({ sections, hashArea }: SnpImage, hashes: KernelHashes): Uint8Array {
  if (!hashArea) throw new SevError('SNP_KERNEL', { at: 'guestImage.hashArea', because: 'It has no hash area.' });
  const section = sections.find(({ type }) => type === SECTION_TYPE.kernelHashes);
  if (!section) {
    const because = 'Its SEV metadata have no section for the hashes, so QEMU would start the kernel unmeasured.';
    throw new SevError('SNP_KERNEL', { at: 'guestImage.metadata', because });
  }
  const offset = hashArea.base % PAGE_SIZE;
  if (offset + KERNEL_HASHES_SIZE > section.size) {
    const because = `The hashes would begin at byte 0x${offset.toString(16)} of their page and leave it.`;
    throw new SevError('SNP_KERNEL', { at: 'guestImage.hashArea', because });
  }
  const page = new Uint8Array(section.size);
  page.set(encodeKernelHashes(hashes), offset);
  return page;
}

/** The VMSA pages: two that differ, each hashed once, and one hash of 112 bytes a CPU. */
class PageChainOfCpus {
  readonly #chain: PageChain;
  readonly #boot: Uint8Array;
  readonly #other: () => Uint8Array;
  #count = 0;

  constructor(image: Pick<SnpImage, 'resetEip'>, cpus: SnpCpus, start: Uint8Array, sha384: Sha384) {
    this.#chain = new PageChain(start, sha384);
    this.#boot = sha384(snpVmsa(image, cpus, 'boot'));
    let other: Uint8Array | undefined;
    this.#other = () => (other ??= sha384(snpVmsa(image, cpus, 'other')));
  }

  /** @param vcpus not less than the time before */
  digestOf(vcpus: number): Uint8Array {
    requireVcpus(vcpus);
    for (; this.#count < vcpus; this.#count++) {
      this.#chain.addHashed(PAGE_TYPE.vmsa, VMSA_GPA, this.#count === 0 ? this.#boot : this.#other());
    }
    return this.#chain.digest;
  }
}

/**
 * The first registers of a CPU, as they are measured: 4,096 bytes.
 * @throws SevError SNP_FEATURES, SNP_IMAGE, MEASURE_CPU
 */
export function snpVmsa(
  { resetEip }: Pick<SnpImage, 'resetEip'>,
  { vmm, cpuSignature, features = SNP_ACTIVE }: Omit<SnpCpus, 'vcpus'>,
  cpu: 'boot' | 'other',
): Uint8Array {
  requireFeatures(features);
  const own = vmm === 'qemu' || vmm === 'qemu-old';
  if (own && cpuSignature === undefined) {
    throw new SevError('MEASURE_CPU', { at: 'cpu.signature', because: 'QEMU measures it with every CPU.' });
  }
  if (cpu === 'other' && !resetEip) {
    const because = 'It does not say where further CPUs start.';
    throw new SevError('SNP_IMAGE', { at: 'guestImage.resetEip', because });
  }
  const settings = { variant: VMSA_OF[vmm], cpuSignature: cpuSignature ?? 0, sevFeatures: features };
  return buildVmsa({ ...settings, ...(resetEip !== undefined && { resetEip }) }, cpu);
}

/** @throws SevError SNP_FEATURES */
export function requireFeatures(features: bigint): void {
  if (features < 0n || features > 0xffff_ffff_ffff_ffffn)
    throw new SevError('SNP_FEATURES', { at: 'features', because: 'They do not fit into 64 bits.' });
  if ((features & SNP_ACTIVE) === 0n)
    throw new SevError('SNP_FEATURES', {
      at: 'features',
      because: `0x${features.toString(16)} does not have bit 0 (SNPActive).`,
    });
}

/**
 * A digest from VMSA pages of the owner's own, in the order of the CPUs.
 * @throws SevError BYTES_LENGTH, MEASURE_VCPUS, SNP_KERNEL
 */
export function snpDigestOfPages(
  launch: Pick<SnpLaunch, 'image' | 'vmm' | 'kernelHashes'>,
  pages: readonly Uint8Array[],
  sha384: Sha384 = sha384Sync,
): Uint8Array {
  requireVcpus(pages.length);
  const chain = new PageChain(digestAfterMetadata(launch, sha384), sha384);
  for (const page of pages) {
    if (page.length !== VMSA_SIZE)
      throw new SevError('BYTES_LENGTH', { at: 'vmsa', because: `${page.length} bytes instead of 4,096.` });
    chain.add(PAGE_TYPE.vmsa, VMSA_GPA, page);
  }
  return chain.digest;
}
