// The launch digest of a guest behind Coconut's SVSM, as its QEMU tree started it before IGVM (2023 to 2024).
import { SevError } from '../../errors.ts';
import type { Guid } from '../../bytes/guid.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { type Sha384, sha384Sync } from '../../crypto/sha384.ts';
import { parseGuestImage } from '../../guest/guest-image.ts';
import { buildVmsa, requireVcpus } from '../../guest/vmsa.ts';
import { type MetadataSection, parseSevMetadata } from '../formats/sev-metadata.ts';
import { digestAfterMetadata, requireFeatures, SNP_ACTIVE, VMSA_GPA } from './launch-digest.ts';
import { PAGE_SIZE, PAGE_TYPE, PageChain } from './page-chain.ts';
import { chainOfImage } from './snp-image.ts';

/** The entry of the SVSM's table that says where its first instruction stands: u32, from its base. */
const ENTRY_GUID: Guid = 'a789a612-0597-4c4b-a49f-cbb1fe9d1ddd';
const FOUR_GIB = 0x1_0000_0000;

/** Where the SVSM lies and starts, and what is loaded beside it. */
export interface SvsmPlan {
  /** Guest-physical address of its first byte. */
  readonly base: number;
  readonly size: number;
  /** Of its first instruction. */
  readonly eip: number;
  readonly sections: readonly MetadataSection[];
}

export interface SvsmCpus {
  readonly vcpus: number;
  readonly cpuSignature: number;
  readonly features?: bigint;
  /** Whether the host's kernel stores the FPU's first state; that of 2023 did not. */
  readonly fpu: boolean;
  /** The page of every CPU, where it is not the one that follows from the rest: 4,096 bytes. */
  readonly page?: Uint8Array;
}

/**
 * Reads where the SVSM goes: below the firmware, and below the space of its variables, which are not measured.
 * @param svsm the SVSM's binary, or its end with at least its tables
 * @throws SevError SNP_IMAGE, MEASURE_IMAGE
 */
export function planSvsm(
  svsm: Uint8Array,
  sizes: { readonly firmware: number; readonly variables: number; readonly svsm: number },
): SvsmPlan {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 0 || size % PAGE_SIZE !== 0 || size >= FOUR_GIB)
      throw new SevError('SNP_IMAGE', { at: `${name}.size`, because: `${size} bytes are not whole pages.` });
  }
  const base = FOUR_GIB - sizes.firmware - sizes.variables - sizes.svsm;
  if (base < 0) throw new SevError('SNP_IMAGE', { at: 'svsm.size', because: 'The images do not fit below 4 GiB.' });
  const { entries } = parseGuestImage(svsm, 'svsm');
  const entry = entries.find(({ guid }) => guid === ENTRY_GUID)?.data;
  if (entry?.length !== 4) {
    throw new SevError('SNP_IMAGE', { at: 'svsm.entry', because: 'It does not say where the SVSM starts.' });
  }
  const eip = base + new ByteReader(entry, 'svsm.entry').u32('offset');
  return { base, size: sizes.svsm, eip, sections: parseSevMetadata({ entries, size: sizes.svsm }, svsm, 'svsm') };
}

/**
 * The digest after both images: the firmware ends at 4 GiB, its own metadata do not count.
 * @throws SevError SNP_IMAGE
 */
export function afterSvsmImages(
  firmware: Uint8Array,
  svsm: Uint8Array,
  plan: SvsmPlan,
  sha384: Sha384 = sha384Sync,
): Uint8Array {
  const pages = (image: Uint8Array): Uint8Array[] =>
    Array.from({ length: image.length / PAGE_SIZE }, (_, i) =>
      sha384(image.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE)),
    );
  const afterFirmware = chainOfImage(firmware.length, pages(firmware), undefined, sha384);
  return chainOfImage(svsm.length, pages(svsm), afterFirmware, sha384, plan.base + plan.size);
}

/**
 * The launch digest, 48 bytes. Every CPU starts in the SVSM, with the same page.
 * @throws SevError MEASURE_VCPUS, MEASURE_CPU, SNP_FEATURES
 */
export function svsmLaunchDigest(
  afterImages: Uint8Array,
  { sections, eip }: Pick<SvsmPlan, 'sections' | 'eip'>,
  cpus: SvsmCpus,
  sha384: Sha384 = sha384Sync,
): Uint8Array {
  requireVcpus(cpus.vcpus);
  const image = { size: 0, afterImage: afterImages, sections };
  const chain = new PageChain(digestAfterMetadata({ image, vmm: 'qemu' }, sha384), sha384);
  const page = sha384(cpus.page ?? svsmVmsa(eip, cpus));
  for (let i = 0; i < cpus.vcpus; i++) chain.addHashed(PAGE_TYPE.vmsa, VMSA_GPA, page);
  return chain.digest;
}

/** The page of every CPU: protected mode with flat segments, at the SVSM's first instruction. */
export function svsmVmsa(
  eip: number,
  { cpuSignature, features = SNP_ACTIVE, fpu }: Omit<SvsmCpus, 'vcpus' | 'page'>,
): Uint8Array {
  requireFeatures(features);
  const page = buildVmsa({ variant: fpu ? 'qemu-init2' : 'qemu', cpuSignature, sevFeatures: features }, 'boot');
  const view = new DataView(page.buffer, page.byteOffset);
  const segment = (at: number, selector: number, attributes: number): void => {
    view.setUint16(at, selector, true);
    view.setUint16(at + 2, attributes, true);
    view.setUint32(at + 4, 0xffffffff, true);
    view.setBigUint64(at + 8, 0n, true);
  };
  for (const at of [0x000, 0x020, 0x030, 0x040]) segment(at, 16, 0xc93); // ES, SS, DS, FS
  segment(0x010, 8, 0xc9b); // CS
  view.setBigUint64(0x158, 0x11n, true); // CR0: ET, PE
  view.setBigUint64(0x178, BigInt(eip), true); // RIP, whole
  return page;
}
