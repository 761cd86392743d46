// The plaintext of a launch secret: a table of GUIDs and their data, as OVMF, GRUB and Linux's efi_secret read it.
import { SevError } from '../errors.ts';
import { isZero } from '../bytes/equal.ts';
import { encodeGuid, type Guid, parseGuid } from '../bytes/guid.ts';
import { ByteReader } from '../bytes/reader.ts';
import { SECRET_TABLE_WORDS } from './words.ts';
import { ByteWriter } from '../bytes/writer.ts';

export const SECRET_TABLE_GUID: Guid = '1e74f542-71dd-4d66-963e-ef4287ff173b';
export const NIL_GUID: Guid = '00000000-0000-0000-0000-000000000000';
/** GUID and length, before the table's entries as before each entry's data. */
export const SECRET_HEADER_SIZE = 20;
/** The kernel's and the firmware's limit for one packet. */
export const MAX_SECRET_SIZE = 16384;
/** What fits beside the overhead of a table with one entry. */
export const MAX_SINGLE_SECRET = MAX_SECRET_SIZE - 2 * SECRET_HEADER_SIZE;
const BLOCK = 16;
/** Zeros behind the table: up to a multiple of 16, and one block more where libvirt's tool made it. */
const MAX_PADDING = 2 * BLOCK - 1;

/** Linux lists no more files in its secrets folder (EFI_SECRET_NUM_FILES). */
export const MAX_SECRETS = 64;

export interface SecretEntry {
  readonly guid: Guid;
  readonly data: Uint8Array;
}

/**
 * Writes a table: GUID, length LE32 (of header and entries, not of the padding), entries of GUID, length LE32 and
 * data, then zeros up to a multiple of 16.
 *
 * @param areaSize the size of the guest's secret area, where it is known
 * @throws SevError MEASURE_SECRET_TABLE when there is no entry, MEASURE_SECRET_GUID, MEASURE_SECRET_SIZE
 */
export function encodeSecretTable(entries: readonly SecretEntry[], areaSize?: number): Uint8Array {
  if (entries.length === 0) throw new SevError('MEASURE_SECRET_TABLE', { because: 'It has no entry.' });
  if (entries.length > MAX_SECRETS)
    throw new SevError('MEASURE_SECRET_TABLE', SECRET_TABLE_WORDS.tooMany(entries.length));
  requireGuids(entries, 'secret');
  const size = entries.reduce((sum, { data }) => sum + SECRET_HEADER_SIZE + data.length, SECRET_HEADER_SIZE);
  const padded = Math.ceil(size / BLOCK) * BLOCK;
  requireFits(padded, areaSize);
  const writer = new ByteWriter(padded).bytes(encodeGuid(SECRET_TABLE_GUID)).u32(size);
  for (const { guid, data } of entries)
    writer
      .bytes(encodeGuid(guid))
      .u32(SECRET_HEADER_SIZE + data.length)
      .bytes(data);
  return writer.zeros(padded - size).finish();
}

/**
 * Reads a table, whichever tool made it: its length may or may not count the padding, and one block of zeros more
 * may follow.
 * @throws SevError MEASURE_SECRET_TABLE, MEASURE_SECRET_GUID, MEASURE_SECRET_SIZE
 */
export function parseSecretTable(bytes: Uint8Array, at = 'secret'): readonly SecretEntry[] {
  if (bytes.length > MAX_SECRET_SIZE) throw new SevError('MEASURE_SECRET_SIZE', { at });
  if (bytes.length < SECRET_HEADER_SIZE || bytes.length % BLOCK !== 0) {
    throw new SevError('MEASURE_SECRET_TABLE', { at, because: `${bytes.length} bytes are no table.` });
  }
  const header = new ByteReader(bytes, at);
  if (parseGuid(header.take(16, 'guid')) !== SECRET_TABLE_GUID) {
    throw new SevError('MEASURE_SECRET_TABLE', { at: `${at}.guid`, because: 'It does not begin as one.' });
  }
  const length = header.u32('length');
  if (length < SECRET_HEADER_SIZE || length > bytes.length) {
    throw new SevError('MEASURE_SECRET_TABLE', { at: `${at}.length`, because: `It says ${length} bytes.` });
  }
  requirePadding(bytes.subarray(length), MAX_PADDING, at);
  const entries = readEntries(new ByteReader(bytes.subarray(SECRET_HEADER_SIZE, length), at));
  if (entries.length === 0) throw new SevError('MEASURE_SECRET_TABLE', { at, because: 'It has no entry.' });
  requireGuids(entries, at);
  return entries;
}

function readEntries(reader: ByteReader): SecretEntry[] {
  const entries: SecretEntry[] = [];
  // Fewer bytes than an entry's header are padding that the length counted.
  while (reader.remaining >= SECRET_HEADER_SIZE) {
    const at = reader.path(`entry${entries.length}`);
    const guid = parseGuid(reader.take(16, 'guid'));
    const length = reader.u32('length');
    if (length < SECRET_HEADER_SIZE || length - SECRET_HEADER_SIZE > reader.remaining) {
      throw new SevError('MEASURE_SECRET_TABLE', { at, because: `The entry says ${length} bytes.` });
    }
    entries.push({ guid, data: reader.take(length - SECRET_HEADER_SIZE, 'data') });
  }
  requirePadding(reader.take(reader.remaining, 'padding'), SECRET_HEADER_SIZE, reader.at);
  return entries;
}

function requirePadding(bytes: Uint8Array, most: number, at: string): void {
  if (bytes.length <= most && isZero(bytes)) return;
  throw new SevError('MEASURE_SECRET_TABLE', { at, because: 'More than padding follows the entries.' });
}

function requireGuids(entries: readonly SecretEntry[], at: string): void {
  const seen = new Set<Guid>();
  for (const { guid } of entries) {
    const plain = guid.toLowerCase();
    if (plain === NIL_GUID)
      throw new SevError('MEASURE_SECRET_GUID', { at, because: 'The nil GUID marks deleted entries.' });
    if (plain === SECRET_TABLE_GUID) throw new SevError('MEASURE_SECRET_GUID', { at, ...SECRET_TABLE_WORDS.ownGuid });
    if (seen.has(plain)) throw new SevError('MEASURE_SECRET_GUID', { at, because: `${plain} is there twice.` });
    seen.add(plain);
  }
}

function requireFits(size: number, areaSize: number | undefined): void {
  if (size > MAX_SECRET_SIZE) {
    throw new SevError('MEASURE_SECRET_SIZE', { because: `${size} bytes; the AMD-SP takes ${MAX_SECRET_SIZE}.` });
  }
  if (areaSize !== undefined && size > areaSize) {
    throw new SevError('MEASURE_SECRET_SIZE', {
      because: `${size} bytes; the area of this guest image has ${areaSize}.`,
    });
  }
}
