// OVMF's SEV metadata: which pages, beside the image itself, the host must add at which address before an SNP guest starts.
import { SevError } from '../../errors.ts';
import type { Guid } from '../../bytes/guid.ts';
import { ByteReader } from '../../bytes/reader.ts';
import type { GuestImage } from '../../guest/guest-image.ts';

/** Its entry in the image's table; the data are a u32: how far before the image's end the header stands. */
const METADATA_GUID: Guid = 'dc886566-984a-4798-a75e-5585a7bf67cc';
const PAGE = 4096;
const HEADER_SIZE = 16;
const DESCRIPTOR_SIZE = 12;
const FOUR_GIB = 0x1_0000_0000;

/** Section types: edk2 OvmfPkg/ResetVector/X64/OvmfSevMetadata. */
export const SECTION_TYPE = { secMem: 1, secrets: 2, cpuid: 3, svsmCaa: 4, kernelHashes: 0x10 } as const;
export type SectionType = (typeof SECTION_TYPE)[keyof typeof SECTION_TYPE];
const KNOWN: ReadonlySet<number> = new Set(Object.values(SECTION_TYPE));
/** Sections that are one page, whatever a loader would add. */
const ONE_PAGE: ReadonlySet<number> = new Set([SECTION_TYPE.secrets, SECTION_TYPE.cpuid]);

/** Pages that the host adds; addresses are guest-physical, sizes in bytes, both multiples of 4,096. */
export interface MetadataSection {
  readonly gpa: number;
  readonly size: number;
  readonly type: SectionType;
}

/**
 * Reads the sections in the order of the table, which is the order in which they are measured.
 * Header: "ASEV", u32 length, u32 version 1, u32 count; then GPA, size and type, u32 each. All little-endian.
 *
 * @param end the image's end, as much of it as is at hand
 * @throws SevError SNP_IMAGE when there is no such table, or when it is not one that a guest can start with
 */
export function parseSevMetadata(
  image: Pick<GuestImage, 'entries' | 'size'>,
  end: Uint8Array,
  at = 'guestImage',
): readonly MetadataSection[] {
  const place = `${at}.metadata`;
  const bytes = metadataBytes(image, end, place);
  const reader = new ByteReader(bytes.subarray(0, HEADER_SIZE), place);
  const signature = reader.take(4, 'signature');
  if (String.fromCharCode(...signature) !== 'ASEV')
    throw refused(`${place}.signature`, 'Its SEV metadata begin with other letters than “ASEV”.');
  const [length, version, count] = [reader.u32('length'), reader.u32('version'), reader.u32('count')];
  if (version !== 1) throw refused(`${place}.version`, `Its SEV metadata have version ${version}; only 1 is known.`);
  if (length !== HEADER_SIZE + DESCRIPTOR_SIZE * count || length > bytes.length) {
    throw refused(`${place}.length`, `Its SEV metadata say ${length} bytes for ${count} sections.`);
  }
  const list = new ByteReader(bytes.subarray(HEADER_SIZE, length), place);
  const sections = Array.from({ length: count }, (_, i) => readSection(list, `${place}.sections[${i}]`));
  return sections;
}

function metadataBytes(image: Pick<GuestImage, 'entries' | 'size'>, end: Uint8Array, at: string): Uint8Array {
  const entry = image.entries.find(({ guid }) => guid === METADATA_GUID);
  if (!entry) throw refused(at, 'It has no SEV metadata: it was built without SEV-SNP, or is only a part of an image.');
  if (entry.data.length !== 4) throw refused(at, `The entry of its SEV metadata has ${entry.data.length} bytes.`);
  const distance = new ByteReader(entry.data, at).u32('offset');
  if (distance < HEADER_SIZE || distance > image.size)
    throw refused(`${at}.offset`, `Its SEV metadata would stand ${distance} bytes before its end.`);
  if (distance > end.length)
    throw refused(`${at}.offset`, `Its SEV metadata stand ${distance} bytes before its end, beyond what was read.`);
  return end.subarray(end.length - distance);
}

function readSection(reader: ByteReader, at: string): MetadataSection {
  const [gpa, size, type] = [reader.u32('gpa'), reader.u32('size'), reader.u32('type')];
  if (!KNOWN.has(type)) throw refused(`${at}.type`, `A section has type 0x${type.toString(16)}, which is not known.`);
  const range = `0x${gpa.toString(16)}+0x${size.toString(16)}`;
  if (gpa % PAGE !== 0 || size % PAGE !== 0 || size === 0)
    throw refused(at, `The section ${range} does not consist of whole pages.`);
  if (gpa + size > FOUR_GIB) throw refused(at, `The section ${range} ends above 4 GiB.`);
  if (ONE_PAGE.has(type) && size !== PAGE)
    throw refused(at, `The section ${range} must have one page, as there is one page of secrets and one of CPUID.`);
  return { gpa, size, type: type as SectionType };
}

const refused = (at: string, because: string): SevError => new SevError('SNP_IMAGE', { at, because });
