// What an OVMF image says about itself: the table of GUIDs at its end, and the firmware volume at its beginning.
import { SevError } from '../errors.ts';
import { type Guid, parseGuid } from '../bytes/guid.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ascii } from '../bytes/text.ts';
import { equalBytes } from '../bytes/equal.ts';
import { type FirmwareCode, firmwareCodeOf } from './firmware-code.ts';
import { KERNEL_HASHES_SIZE } from './kernel-hashes.ts';

const FOOTER_GUID: Guid = '96b582de-1fb2-45f7-baea-a366c55a082d';
const RESET_BLOCK_GUID: Guid = '00f771de-1a7e-4fcb-890e-68c77e2fb44e';
const HASH_AREA_GUID: Guid = '7255371f-3a3b-4b04-927b-1da6efa8d454';
const SECRET_AREA_GUID: Guid = '4c2eb361-7d9b-4cc3-8081-127c90d3d294';
const VARIABLES_GUID: Guid = 'fff12b8d-7696-4c8b-a985-2747075b4f50';

/** The reset vector's own bytes, behind the table. */
const RESET_VECTOR_SIZE = 32;
/** LE16 length and GUID behind an entry's data. */
const ENTRY_TRAILER = 18;
/** Enough of an image's end for any table: its length field has 16 bits. */
export const IMAGE_TAIL_SIZE = RESET_VECTOR_SIZE + 0xffff;
/** Enough of an image's beginning for the header of its first firmware volume. */
export const IMAGE_HEAD_SIZE = 48;

/** Guest memory, by guest-physical address. */
export interface MemoryArea {
  readonly base: number;
  readonly size: number;
}

/**
 * `amd-sev`: made for SEV, with areas for kernel hashes and secrets and the code that uses them, as was seen in the whole
 * file. `whole`: firmware and variable store in one. `code`: firmware whose variables live in another file. `vars`: that
 * other file. `unknown`: no OVMF, or only its end.
 */
export type GuestImageKind = 'amd-sev' | 'whole' | 'code' | 'vars' | 'unknown';

export interface GuestImage {
  readonly size: number;
  readonly kind: GuestImageKind;
  /** Every entry of the table, in the order of QEMU's search: from the end. */
  readonly entries: readonly { readonly guid: Guid; readonly data: Uint8Array }[];
  /** Where further CPUs start under SEV-ES. */
  readonly resetEip?: number;
  /** Where QEMU puts the kernel hashes; missing also when the entry is there and empty. */
  readonly hashArea?: MemoryArea;
  /** Where QEMU puts a secret; missing also when the entry is there and empty. */
  readonly secretArea?: MemoryArea;
  /** What the code in it does with these areas; missing where only the ends of the image were read. */
  readonly code?: FirmwareCode;
}

/**
 * Reads a whole image: its table, and where that promises something, the code that has to keep the promise.
 * @throws SevError MEASURE_IMAGE when the table at the end is malformed, or the image is empty
 */
export const parseGuestImage = (bytes: Uint8Array, at = 'guestImage'): GuestImage =>
  withCode(
    parseGuestImageEnds({ head: bytes.subarray(0, IMAGE_HEAD_SIZE), tail: bytes, size: bytes.length }, at),
    bytes,
  );

/** Adds what the code of an image does. An image without areas promises nothing, and is not looked into. */
export function withCode(image: GuestImage, bytes: Uint8Array): GuestImage {
  if (!image.hashArea && !image.secretArea) return image;
  const code = firmwareCodeOf(bytes);
  const keepsPromises = code.kernelHashes === 'demo' || (code.kernelHashes === 'found' && code.secrets === 'found');
  return { ...image, code, kind: keepsPromises ? 'amd-sev' : image.kind };
}

/** The two ends of an image, for those who stream it: IMAGE_HEAD_SIZE and IMAGE_TAIL_SIZE bytes, or more. */
export interface ImageEnds {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  readonly size: number;
}

/** The same from the two ends of an image. @throws SevError MEASURE_IMAGE */
export function parseGuestImageEnds({ head, tail, size }: ImageEnds, at = 'guestImage'): GuestImage {
  if (size === 0) throw new SevError('MEASURE_IMAGE', { at, because: 'It is empty.' });
  const entries = readTable(tail, at);
  const find = (guid: Guid) => entries.find((entry) => entry.guid === guid)?.data;
  const reset = find(RESET_BLOCK_GUID);
  const hashArea = readArea(find(HASH_AREA_GUID), KERNEL_HASHES_SIZE, `${at}.hashArea`);
  const secretArea = readArea(find(SECRET_AREA_GUID), 1, `${at}.secretArea`);
  return {
    size,
    kind: kindOf(head, entries.length > 0),
    entries,
    ...(reset && { resetEip: fields(reset, 4, `${at}.resetBlock`).u32('eip') }),
    ...(hashArea && { hashArea }),
    ...(secretArea && { secretArea }),
  };
}

/** The same, or undefined: a file that says nothing about itself can still be the one that is measured. */
export function guestImageOf(ends: ImageEnds): GuestImage | undefined {
  try {
    return parseGuestImageEnds(ends);
  } catch (error) {
    if (error instanceof SevError) return undefined;
    throw error;
  }
}

function readTable(tail: Uint8Array, at: string): GuestImage['entries'] {
  const end = tail.length - RESET_VECTOR_SIZE;
  if (end < ENTRY_TRAILER) return [];
  const footer = parseGuid(tail.slice(end - 16, end));
  // Before there was a table, the reset block stood in the footer's place.
  if (footer === RESET_BLOCK_GUID) return readEntries(tail.subarray(Math.max(0, end - 22), end), at);
  if (footer !== FOOTER_GUID) return [];
  const total = tail[end - 18]! | (tail[end - 17]! << 8);
  if (total < ENTRY_TRAILER || total > end) {
    throw new SevError('MEASURE_IMAGE', { at: `${at}.table`, because: `Its table says ${total} bytes.` });
  }
  return readEntries(tail.subarray(end - total, end - ENTRY_TRAILER), at);
}

/** Entries are read backwards: GUID, then LE16 length of the whole entry, then data. */
function readEntries(table: Uint8Array, at: string): GuestImage['entries'] {
  const entries: { guid: Guid; data: Uint8Array }[] = [];
  let end = table.length;
  while (end >= ENTRY_TRAILER) {
    const length = table[end - 18]! | (table[end - 17]! << 8);
    if (length < ENTRY_TRAILER || length > end) {
      const because = `An entry of its table says ${length} bytes; ${end} are left.`;
      throw new SevError('MEASURE_IMAGE', { at: `${at}.table`, because });
    }
    entries.push({ guid: parseGuid(table.slice(end - 16, end)), data: table.slice(end - length, end - ENTRY_TRAILER) });
    end -= length;
  }
  if (end > 0)
    throw new SevError('MEASURE_IMAGE', { at: `${at}.table`, because: `${end} bytes of its table are left over.` });
  return entries;
}

/** Base and size, u32 each. Ordinary builds have the entry with both zero: that is no area. */
function readArea(data: Uint8Array | undefined, least: number, at: string): MemoryArea | undefined {
  if (!data) return undefined;
  const reader = fields(data, 8, at);
  const area = { base: reader.u32('base'), size: reader.u32('size') };
  return area.base !== 0 && area.size >= least ? area : undefined;
}

function fields(data: Uint8Array, length: number, at: string): ByteReader {
  if (data.length === length) return new ByteReader(data, at);
  throw new SevError('MEASURE_IMAGE', { at, because: `The entry has ${data.length} bytes instead of ${length}.` });
}

/** From its beginning alone: that areas are in its table tells nothing of what it is. */
function kindOf(head: Uint8Array, hasTable: boolean): GuestImageKind {
  const isVolume = head.length >= IMAGE_HEAD_SIZE && equalBytes(head.slice(40, 44), ascii('_FVH'));
  if (!isVolume) return 'unknown';
  const variables = parseGuid(head.slice(16, 32)) === VARIABLES_GUID;
  if (variables) return hasTable ? 'whole' : 'vars';
  return hasTable ? 'code' : 'unknown';
}
