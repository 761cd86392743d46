// A firmware image taken apart down to the programs in it: volumes → files → sections, compressed ones too. By the UEFI
// Platform Initialization specification, volume 3. Integers are little-endian; files and sections begin at multiples of 8 and 4.
import { type Guid, parseGuid } from '../bytes/guid.ts';
import { decodeLzma } from '../encodings/lzma.ts';
import { SevError } from '../errors.ts';

const VOLUME_HEADER = 56;
const FILE_HEADER = 24;
const SECTION_HEADER = 4;
/** File and section sizes have 24 bits; all ones, and a wider field follows. */
const LARGE = 0xff_ffff;
const FFS2: Guid = '8c8ce578-8a3d-4f1c-9935-896185c32dd3';
const FFS3: Guid = '5473c07a-3dcb-4dca-bd6f-1e9689e7349a';
const LZMA: Guid = 'ee4e5898-3914-4259-9d6e-dc7bd79403cf';
/** The same, with branches of x86 code made absolute before; data is left as it is. */
const LZMA_X86: Guid = 'd42ae6bd-1352-4bfb-909a-ca72a6eae889';
const CRC32: Guid = 'fc1bcdb0-7d31-49aa-936a-a4600d9dd083';
const PADDING_FILE = 0xf0;
const RAW_FILE = 0x01;

const SECTION = {
  compression: 0x01,
  guidDefined: 0x02,
  disposable: 0x03,
  pe32: 0x10,
  te: 0x12,
  volume: 0x17,
  raw: 0x19,
};
/** A GUID-defined section whose data is not as it stands, but has to be worked on first. */
const PROCESSING_REQUIRED = 0x01;

/** So much comes out of one image at most: a 4 MiB OVMF holds some 14 MiB. */
export const MAX_UNPACKED = 64 * 1024 * 1024;
const MAX_DEPTH = 8;
const MAX_SECTIONS = 20_000;

export interface FirmwareContents {
  /** Programs, each with all that belongs to it: code and data, as PE32 or TE. */
  readonly programs: readonly Uint8Array[];
  readonly volumes: number;
  /** Something could not be opened: a compression that is not known here, or damage. What is missing may be in it. */
  readonly unread: boolean;
}

/** Reads all volumes of an image, wherever they begin. Linear in its size and in what comes out; never throws. */
export function readFirmware(image: Uint8Array): FirmwareContents {
  const walk = new Walk();
  walk.volumes(image, 0);
  return { programs: walk.programs, volumes: walk.found, unread: walk.unread };
}

class Walk {
  readonly programs: Uint8Array[] = [];
  found = 0;
  unread = false;
  #left = MAX_UNPACKED;
  #sections = 0;

  /** Volumes begin anywhere on a page of 4 KiB, or right at the beginning of what was unpacked. */
  volumes(bytes: Uint8Array, depth: number): void {
    let at = 0;
    while (at + VOLUME_HEADER <= bytes.length) {
      const length = volumeLength(bytes, at);
      if (length === undefined) at += at % 4096 === 0 ? 4096 : 4096 - (at % 4096);
      else {
        this.#volume(bytes.subarray(at, at + length), depth);
        at += length;
      }
    }
  }

  #volume(volume: Uint8Array, depth: number): void {
    const system = parseGuid(volume.slice(16, 32));
    // Others, such as the store of variables, hold no files.
    if (system !== FFS2 && system !== FFS3) return;
    this.found++;
    const view = viewOf(volume);
    let at = view.getUint16(48, true);
    const extended = view.getUint16(52, true);
    if (extended >= VOLUME_HEADER && extended + 20 <= volume.length)
      at = extended + view.getUint32(extended + 16, true);
    at = align(at, 8);
    while (at + FILE_HEADER <= volume.length) {
      const header = volume.subarray(at, at + FILE_HEADER);
      // What is not written yet is all ones, or all zeros.
      if (header.every((byte) => byte === header[0])) return;
      const [size, skip] = sizeOf(view, at + 20, FILE_HEADER, 8);
      if (size < skip || at + size > volume.length) return this.#fail();
      const type = header[18]!;
      if (type !== PADDING_FILE && type !== RAW_FILE) this.sections(volume.subarray(at + skip, at + size), depth);
      at = align(at + size, 8);
    }
  }

  sections(bytes: Uint8Array, depth: number): void {
    if (depth > MAX_DEPTH) return this.#fail();
    const view = viewOf(bytes);
    let at = 0;
    while (at + SECTION_HEADER <= bytes.length) {
      if (++this.#sections > MAX_SECTIONS) return this.#fail();
      const [size, skip] = sizeOf(view, at, SECTION_HEADER, 4);
      if (size === 0 && bytes.subarray(at).every((byte) => byte === 0)) return;
      if (size < skip || at + size > bytes.length) return this.#fail();
      this.#section(bytes[at + 3]!, bytes.subarray(at, at + size), skip, depth);
      at = align(at + size, 4);
    }
  }

  #section(type: number, section: Uint8Array, skip: number, depth: number): void {
    const body = section.subarray(skip);
    switch (type) {
      case SECTION.pe32:
      case SECTION.te:
        return void this.programs.push(body);
      case SECTION.volume:
        return this.volumes(body, depth + 1);
      case SECTION.raw:
        return body.length >= VOLUME_HEADER && volumeLength(body, 0) ? this.volumes(body, depth + 1) : undefined;
      case SECTION.disposable:
        return this.sections(body, depth + 1);
      case SECTION.compression:
        return this.#compressed(body, depth);
      case SECTION.guidDefined:
        return this.#guided(section, skip, depth);
    }
  }

  /** LE32 size of what comes out, and a byte: 0 means that nothing was compressed. */
  #compressed(body: Uint8Array, depth: number): void {
    if (body.length >= 5 && body[4] === 0) this.sections(body.subarray(5), depth + 1);
    else this.#fail();
  }

  /** GUID, LE16 offset of the data from the section's beginning, LE16 attributes. */
  #guided(section: Uint8Array, skip: number, depth: number): void {
    if (section.length < skip + 20) return this.#fail();
    const guid = parseGuid(section.slice(skip, skip + 16));
    const view = viewOf(section);
    const [start, attributes] = [view.getUint16(skip + 16, true), view.getUint16(skip + 18, true)];
    if (start < skip + 20 || start > section.length) return this.#fail();
    const data = section.subarray(start);
    if (guid === LZMA || guid === LZMA_X86) return this.#lzma(data, depth);
    if (guid === CRC32 || (attributes & PROCESSING_REQUIRED) === 0) return this.sections(data, depth + 1);
    this.#fail();
  }

  #lzma(data: Uint8Array, depth: number): void {
    if (depth >= MAX_DEPTH) return this.#fail();
    try {
      const inner = decodeLzma(data, this.#left, 'guestImage.lzma');
      this.#left -= inner.length;
      this.sections(inner, depth + 1);
    } catch (error) {
      if (!(error instanceof SevError)) throw error;
      // What came out before the damage was paid for, too: nothing of this image is unpacked any more.
      this.#left = 0;
      this.#fail();
    }
  }

  #fail(): void {
    this.unread = true;
  }
}

/** The length of the volume that begins here; undefined where none does. */
function volumeLength(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at + 40] !== 0x5f || bytes[at + 41] !== 0x46 || bytes[at + 42] !== 0x56 || bytes[at + 43] !== 0x48)
    return undefined;
  const view = viewOf(bytes);
  const length = view.getUint32(at + 32, true);
  const fits = view.getUint32(at + 36, true) === 0 && length >= VOLUME_HEADER && at + length <= bytes.length;
  return fits ? length : undefined;
}

/** @returns the whole size, and how many bytes of header it counts */
function sizeOf(view: DataView, at: number, header: number, wider: 4 | 8): readonly [number, number] {
  const size = view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16);
  if (size !== LARGE) return [size, header];
  const place = at + (wider === 8 ? 4 : 4);
  return place + 4 <= view.byteLength ? [view.getUint32(place, true), header + wider] : [0, header];
}

const align = (value: number, to: number): number => Math.ceil(value / to) * to;
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
