// The table of GUIDs at the end of a guest image, as QEMU searches it: backwards from its footer.
import { encodeGuid } from '../bytes/guid.ts';
import { equalBytes } from '../bytes/equal.ts';

export interface MemoryArea {
  readonly base: number;
  readonly size: number;
}

/** What a launch takes from the firmware's own table. An entry that is not there stays undefined. */
export interface FirmwareTable {
  /** Where CPUs other than the first begin. */
  readonly resetEip: number | undefined;
  /** Base and size as the entry has them, 0 and 0 included. */
  readonly hashArea: MemoryArea | undefined;
  readonly secretArea: MemoryArea | undefined;
}

const FOOTER = encodeGuid('96b582de-1fb2-45f7-baea-a366c55a082d');
const RESET_BLOCK = encodeGuid('00f771de-1a7e-4fcb-890e-68c77e2fb44e');
const HASH_AREA = encodeGuid('7255371f-3a3b-4b04-927b-1da6efa8d454');
const SECRET_AREA = encodeGuid('4c2eb361-7d9b-4cc3-8081-127c90d3d294');
// The reset vector's 32 bytes end the image; the footer's GUID is right before them.
const FOOTER_FROM_END = 48;
const ENTRY_OVERHEAD = 18;

/** @param image the whole guest image, or at least its last 4 KiB */
export function readFirmwareTable(image: Uint8Array): FirmwareTable {
  const entries = readEntries(image);
  const find = (guid: Uint8Array) => entries.find((entry) => equalBytes(entry.guid, guid))?.data;
  const reset = find(RESET_BLOCK);
  return {
    resetEip: reset === undefined || reset.length < 4 ? undefined : viewOf(reset).getUint32(0, true),
    hashArea: areaOf(find(HASH_AREA)),
    secretArea: areaOf(find(SECRET_AREA)),
  };
}

interface Entry {
  readonly guid: Uint8Array;
  readonly data: Uint8Array;
}

function readEntries(image: Uint8Array): readonly Entry[] {
  const footer = image.length - FOOTER_FROM_END;
  if (footer < ENTRY_OVERHEAD || !equalBytes(image.subarray(footer, footer + 16), FOOTER)) return [];
  const view = viewOf(image);
  const total = view.getUint16(footer - 2, true);
  const start = footer + 16 - total;
  const entries: Entry[] = [];
  let end = footer - 2;
  while (start >= 0 && end - ENTRY_OVERHEAD >= start) {
    const length = view.getUint16(end - ENTRY_OVERHEAD, true);
    if (length < ENTRY_OVERHEAD || end - length < start) break;
    entries.push({ guid: image.slice(end - 16, end), data: image.slice(end - length, end - ENTRY_OVERHEAD) });
    end -= length;
  }
  return entries;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function areaOf(data: Uint8Array | undefined): MemoryArea | undefined {
  if (data === undefined || data.length < 8) return undefined;
  return { base: viewOf(data).getUint32(0, true), size: viewOf(data).getUint32(4, true) };
}
