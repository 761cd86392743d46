// Firmware for tests, built as EDK2 builds it: a program in a file, in a volume, in an LZMA section, in a file, in a volume.
import { encodeGuid } from '../bytes/guid.ts';
import { ascii } from '../bytes/text.ts';
import { ByteWriter, concat } from '../bytes/writer.ts';
import { area, entry, FILES, HASHES, image, le, RESET, SECRET } from './guest-images.ts';
import { lzmaForTests } from './lzma-literals.ts';

export const HASH_ENTRY_GUIDS = [
  '4de79437-abd2-427f-b835-d5b172d2045b',
  '44baf731-3a2f-4bd7-9af1-41e29169781d',
  '97d02dd8-bd20-4c94-aa78-e7714d36ab2a',
];
export const SECRET_TABLE_GUID = 'adf956ad-e98c-484c-ae11-b51c7d336447';
export const LZMA_GUID = 'ee4e5898-3914-4259-9d6e-dc7bd79403cf';

/** A program with these GUIDs among its data. */
export const program = (...guids: readonly string[]): Uint8Array =>
  concat(
    ascii('MZ of a driver, with code before its data'),
    ...guids.map((guid) => encodeGuid(guid)),
    new Uint8Array(24),
  );

const u24 = (size: number): Uint8Array => Uint8Array.of(size & 0xff, (size >> 8) & 0xff, size >> 16);
const padded = (bytes: Uint8Array, to: number, fill = 0): Uint8Array =>
  concat(bytes, new Uint8Array((to - (bytes.length % to)) % to).fill(fill));

export const section = (type: number, body: Uint8Array): Uint8Array =>
  padded(concat(u24(body.length + 4), Uint8Array.of(type), body), 4);

export const guidedSection = (guid: string, body: Uint8Array, attributes = 1): Uint8Array =>
  section(0x02, new ByteWriter().bytes(encodeGuid(guid)).u16(24).u16(attributes).bytes(body).finish());

/** @param type 7 is a driver, 11 holds a volume */
export const firmwareFile = (type: number, body: Uint8Array): Uint8Array =>
  padded(
    concat(
      new Uint8Array(16).fill(0x11),
      Uint8Array.of(0, 0, type, 0),
      u24(body.length + 24),
      Uint8Array.of(0xf8),
      body,
    ),
    8,
    0xff,
  );

export function firmwareVolume(...files: readonly Uint8Array[]): Uint8Array {
  const body = concat(...files, new Uint8Array(64).fill(0xff));
  const length = 72 + body.length;
  const header = new ByteWriter()
    .zeros(16)
    .bytes(encodeGuid(FILES))
    .u32(length)
    .u32(0)
    .bytes(ascii('_FVH'))
    .u32(0x4feff)
    .u16(72)
    .u16(0)
    .u16(0)
    .u16(0x0200)
    .u32(1)
    .u32(length)
    .u32(0)
    .u32(0)
    .finish();
  return concat(header, body);
}

/** A volume whose drivers are packed as OVMF packs them. */
export const packedVolume = (...programs: readonly Uint8Array[]): Uint8Array => {
  const drivers = firmwareVolume(...programs.map((one) => firmwareFile(7, section(0x10, one))));
  return firmwareVolume(firmwareFile(11, guidedSection(LZMA_GUID, lzmaForTests(section(0x17, drivers)))));
};

const AREAS = [entry(RESET, le(0x80b004)), area(SECRET, 0x80c000, 0xc00), area(HASHES, 0x810c00, 0x400)] as const;

/** An image with both areas in its table, and this before it. */
export const imageWithAreas = (head: Uint8Array): Uint8Array => image([...AREAS], padded(head, 16));

/** It has both areas, and the code that uses them. */
export const amdSevImage = (): Uint8Array =>
  imageWithAreas(
    packedVolume(
      program('00000000-0000-0000-0000-000000000001'),
      program(...HASH_ENTRY_GUIDS),
      program(SECRET_TABLE_GUID),
    ),
  );

/** It has both areas, and no code for either: as Debian's generic OVMF of 2026. */
export const advertisingImage = (): Uint8Array =>
  imageWithAreas(packedVolume(program('00000000-0000-0000-0000-000000000001')));

/** It has both areas, and its drivers are packed in a way that is not known here. */
export const sealedImage = (): Uint8Array =>
  imageWithAreas(
    firmwareVolume(firmwareFile(11, guidedSection('3d532050-5cda-4fd0-879e-0f7f630d5afb', new Uint8Array(64)))),
  );
