// The certificate table that a host gives the guest beside the report (extended report, configfs-tsm's auxblob). Nothing of it is
// signed or checked by firmware or kernel: the host can put anything there. SNP certificate specification part 7.
import { SevError } from '../../errors.ts';
import { isZero } from '../../bytes/equal.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { fromHex, toHex } from '../../bytes/text.ts';
import { TABLE_FAULTS } from './report-words.ts';

/** Linux passes at most 16 KiB; what is far above was never a table. */
export const MAX_TABLE_BYTES = 64 * 1024;
const MAX_ENTRIES = 32;
const ENTRY_SIZE = 24;

/** By name; the bytes of a GUID stand in the order in which they are printed, unlike EFI's. */
export const TABLE_GUIDS = {
  vcek: '63da758d-e664-4564-adc5-f4b93be8accd',
  vlek: 'a8074bc2-a25a-483e-aae6-39c045a0b8a1',
  /** With a VLEK the ASVK. */
  ask: '4ab7b379-bbac-4fe4-a02f-05aef327c782',
  ark: 'c0b406a4-a803-4952-9743-3fb6014cd0ae',
  crl: '92f81bc3-5811-4d3d-97ff-d19f88dc67ea',
  platform: 'ecae0c0f-9502-43b1-afa2-0ae2e0d565b6',
} as const;

export type TableName = keyof typeof TABLE_GUIDS;

export interface TableEntry {
  /** Lower case with hyphens. */
  readonly guid: string;
  /** Undefined for a GUID that is not known here; such entries are passed over. */
  readonly name: TableName | undefined;
  /** DER as it should be, or PEM as real hosts serve too. */
  readonly data: Uint8Array;
}

/**
 * Reads a table: entries of GUID 16, offset u32, length u32, little-endian, offsets from the table's start; 24 zero bytes end the
 * list. What is left between and behind the data is padding. A table without entries means that the host has no certificates.
 *
 * @throws SevError SNP_TABLE when the list has no end, an entry is empty, outside or inside the list, two overlap or are the same
 *   GUID; BYTES_TOO_LARGE
 */
export function parseCertificateTable(bytes: Uint8Array, at = 'table'): readonly TableEntry[] {
  if (bytes.length > MAX_TABLE_BYTES) throw new SevError('BYTES_TOO_LARGE', { at });
  const headers = readHeaders(bytes, at);
  const listEnd = (headers.length + 1) * ENTRY_SIZE;
  const seen = new Set<string>();
  for (const { guid, offset, length } of headers) {
    if (seen.has(guid)) throw fault(at, TABLE_FAULTS.duplicate(guid));
    seen.add(guid);
    if (length === 0 || offset < listEnd || offset + length > bytes.length) throw fault(at, TABLE_FAULTS.range());
  }
  const inOrder = [...headers].sort((a, b) => a.offset - b.offset);
  const overlaps = inOrder.some(({ offset }, i) => i > 0 && offset < inOrder[i - 1]!.offset + inOrder[i - 1]!.length);
  if (overlaps) throw fault(at, TABLE_FAULTS.overlap());
  return headers.map(({ guid, offset, length }) => ({
    guid,
    name: nameOfGuid(guid),
    data: new Uint8Array(bytes.subarray(offset, offset + length)),
  }));
}

/** The data under one name; undefined where the table has none. */
export const tableData = (table: readonly TableEntry[], name: TableName): Uint8Array | undefined =>
  table.find((entry) => entry.name === name)?.data;

/** Writes a table without padding. */
export function encodeCertificateTable(entries: readonly Pick<TableEntry, 'guid' | 'data'>[]): Uint8Array {
  const writer = new ByteWriter();
  let offset = (entries.length + 1) * ENTRY_SIZE;
  for (const { guid, data } of entries) {
    writer
      .bytes(fromHex(guid.replaceAll('-', '')))
      .u32(offset)
      .u32(data.length);
    offset += data.length;
  }
  writer.zeros(ENTRY_SIZE);
  for (const { data } of entries) writer.bytes(data);
  return writer.finish();
}

interface Header {
  readonly guid: string;
  readonly offset: number;
  readonly length: number;
}

function readHeaders(bytes: Uint8Array, at: string): readonly Header[] {
  const headers: Header[] = [];
  const reader = new ByteReader(bytes, at);
  while (reader.remaining >= ENTRY_SIZE) {
    const guid = reader.take(16, 'guid');
    const [offset, length] = [reader.u32('offset'), reader.u32('length')];
    if (isZero(guid)) {
      if (offset === 0 && length === 0) return headers;
      throw fault(at, TABLE_FAULTS.end());
    }
    if (headers.length === MAX_ENTRIES) throw fault(at, TABLE_FAULTS.tooMany());
    headers.push({ guid: printed(guid), offset, length });
  }
  throw fault(at, TABLE_FAULTS.end());
}

function printed(guid: Uint8Array): string {
  const hex = toHex(guid);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const nameOfGuid = (guid: string): TableName | undefined =>
  (Object.keys(TABLE_GUIDS) as TableName[]).find((name) => TABLE_GUIDS[name] === guid);

const fault = (at: string, because: string): SevError => new SevError('SNP_TABLE', { at, because });
