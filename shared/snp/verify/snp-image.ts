// What an SNP launch digest needs to know of a guest image: a resume point, so that nobody needs the image twice.
import { SevError } from '../../errors.ts';
import { ByteReader, requireLength } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { SHA384_SIZE, type Sha384, sha384Sync } from '../../crypto/sha384.ts';
import { digest } from '../../crypto/subtle.ts';
import { type GuestImage, type MemoryArea, parseGuestImage } from '../../guest/guest-image.ts';
import { type MetadataSection, parseSevMetadata, SECTION_TYPE, type SectionType } from '../formats/sev-metadata.ts';
import { PAGE_SIZE, PAGE_TYPE, PageChain } from './page-chain.ts';

const FOUR_GIB = 0x1_0000_0000;
/** More than any OVMF; a resume point must not ask for a page chain that never ends. */
const MAX_SECTIONS = 256;
const RESUME_VERSION = 1;

/** A guest image after its own pages: 48 bytes and some hundred of its table replace the whole. */
export interface SnpImage {
  /** Bytes of the image; it ends at 4 GiB. */
  readonly size: number;
  /** The launch digest after the image's pages, 48 bytes. */
  readonly afterImage: Uint8Array;
  readonly sections: readonly MetadataSection[];
  /** Where CPUs but the first start. Missing, or zero in the image: it runs with one CPU. */
  readonly resetEip?: number;
  /** Where the kernel's hashes belong; with a section of that type they are measured. */
  readonly hashArea?: MemoryArea;
}

/** What an image says of itself, before anything is hashed. @throws SevError SNP_IMAGE, MEASURE_IMAGE */
export function readSnpImage(image: Uint8Array, at = 'guestImage'): Omit<SnpImage, 'afterImage'> {
  return snpImageFacts(parseGuestImage(image, at), image, at);
}

/**
 * The same from an image whose table was read already.
 * @param end its end, as much of it as is at hand
 * @throws SevError SNP_IMAGE
 */
export function snpImageFacts(
  { size, entries, resetEip, hashArea }: GuestImage,
  end: Uint8Array,
  at = 'guestImage',
): Omit<SnpImage, 'afterImage'> {
  if (size % PAGE_SIZE !== 0)
    throw new SevError('SNP_IMAGE', { at: `${at}.size`, because: `${size} bytes are not a multiple of 4,096.` });
  if (size >= FOUR_GIB) throw new SevError('SNP_IMAGE', { at: `${at}.size`, because: 'It is larger than 4 GiB.' });
  const sections = parseSevMetadata({ entries, size }, end, at);
  return { size, sections, ...(resetEip && { resetEip }), ...(hashArea && { hashArea }) };
}

/**
 * Hashes a guest image at hand: its pages side by side by the engine, then the chain.
 * @throws SevError SNP_IMAGE, MEASURE_IMAGE
 */
export async function hashSnpImage(image: Uint8Array, at = 'guestImage'): Promise<SnpImage> {
  const facts = readSnpImage(image, at);
  const pages = Array.from({ length: facts.size / PAGE_SIZE }, (_, i) =>
    digest('SHA-384', image.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE)),
  );
  return { ...facts, afterImage: chainOfImage(facts.size, await Promise.all(pages)) };
}

/** The same at once, with a hash of the caller's. @throws SevError SNP_IMAGE, MEASURE_IMAGE */
export function hashSnpImageSync(image: Uint8Array, sha384: Sha384 = sha384Sync, at = 'guestImage'): SnpImage {
  const facts = readSnpImage(image, at);
  const pages = Array.from({ length: facts.size / PAGE_SIZE }, (_, i) =>
    sha384(image.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE)),
  );
  return { ...facts, afterImage: chainOfImage(facts.size, pages, new Uint8Array(SHA384_SIZE), sha384) };
}

/**
 * The digest after an image that ends at 4 GiB.
 * @param pages the SHA-384 of each page, in order
 * @param start the digest before it; SVSM's second image follows another
 * @param end where the image ends in guest memory
 */
export function chainOfImage(
  size: number,
  pages: readonly Uint8Array[],
  start: Uint8Array = new Uint8Array(SHA384_SIZE),
  sha384: Sha384 = sha384Sync,
  end: number = FOUR_GIB,
): Uint8Array {
  const chain = new PageChain(start, sha384);
  pages.forEach((page, i) => chain.addHashed(PAGE_TYPE.normal, end - size + i * PAGE_SIZE, page));
  return chain.digest;
}

/** Whether a kernel of this image would be measured at all: QEMU starts it just the same where it would not. */
export const measuresKernel = ({ sections, hashArea }: Pick<SnpImage, 'sections' | 'hashArea'>): boolean =>
  hashArea !== undefined && sections.some(({ type }) => type === SECTION_TYPE.kernelHashes);

/** A resume point for a library or a code: version, size, digest, reset address, hash area, sections; little-endian. */
export function encodeSnpImage({ size, afterImage, sections, resetEip, hashArea }: SnpImage): Uint8Array {
  requireLength(afterImage, SHA384_SIZE, 'afterImage');
  const writer = new ByteWriter()
    .u8(RESUME_VERSION)
    .u32(size)
    .bytes(afterImage)
    .u32(resetEip ?? 0);
  writer
    .u32(hashArea?.base ?? 0)
    .u32(hashArea?.size ?? 0)
    .u16(sections.length);
  for (const section of sections) writer.u32(section.gpa).u32(section.size).u8(section.type);
  return writer.finish();
}

/**
 * Reads a resume point, strictly. It proves nothing: only whoever read the image knows that it belongs to it.
 * @throws SevError SNP_RESUME, BYTES_LENGTH
 */
export function parseSnpImage(bytes: Uint8Array, at = 'snpImage'): SnpImage {
  const reader = new ByteReader(bytes, at);
  const version = reader.u8('version');
  if (version !== RESUME_VERSION) throw new SevError('SNP_RESUME', { at, because: `It has version ${version}.` });
  const size = reader.u32('size');
  const afterImage = reader.take(SHA384_SIZE, 'afterImage');
  const [resetEip, base, areaSize, count] = [
    reader.u32('resetEip'),
    reader.u32('hashArea.base'),
    reader.u32('hashArea.size'),
    reader.u16('sections'),
  ];
  if (size === 0 || size % PAGE_SIZE !== 0 || count > MAX_SECTIONS) throw new SevError('SNP_RESUME', { at });
  const sections = Array.from({ length: count }, () => ({
    gpa: reader.u32('gpa'),
    size: reader.u32('size'),
    type: reader.u8('type') as SectionType,
  }));
  reader.end();
  const known = new Set<number>(Object.values(SECTION_TYPE));
  const bad = sections.some(
    (section) =>
      !known.has(section.type) ||
      section.gpa % PAGE_SIZE !== 0 ||
      section.size % PAGE_SIZE !== 0 ||
      section.size === 0 ||
      section.gpa + section.size > FOUR_GIB,
  );
  if (bad) throw new SevError('SNP_RESUME', { at: `${at}.sections` });
  const hashArea = base === 0 ? undefined : { base, size: areaSize };
  return { size, afterImage, sections, ...(resetEip !== 0 && { resetEip }), ...(hashArea && { hashArea }) };
}
