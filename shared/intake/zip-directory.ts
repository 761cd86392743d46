// The central directory of a zip: what it says that it holds, believed only as far as it agrees with itself. APPNOTE 6.3.
import { SevError } from '../errors.ts';
import { ByteReader } from '../bytes/reader.ts';
import { fromUtf8 } from '../bytes/text.ts';
import { MAX_INPUT_BYTES, MAX_ZIP_FILES } from './limits.ts';

const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_SIZE = 22;
/** Encrypted (bit 0), strongly encrypted (6), central directory encrypted (13). */
const FLAGS_REFUSED = 0x2041;

export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  /** CRC-32 of the file. */
  readonly checksum: number;
  readonly packedSize: number;
  readonly size: number;
  /** Of the file's own header, from the beginning of the zip. */
  readonly offset: number;
}

/**
 * @returns the entries, and where the directory starts: all files lie before it
 * @throws SevError BYTES_LENGTH, BYTES_VALUE, BYTES_TOO_LARGE, BYTES_ENCODING
 */
export function readZipDirectory(bytes: Uint8Array, at: string): { start: number; entries: ZipEntry[] } {
  const end = new ByteReader(bytes.slice(findEnd(bytes, at)), `${at}.end`);
  end.take(4, 'signature');
  // Disk numbers and the two counts: archives over several disks are refused.
  const [disk, firstDisk, here, count] = [end.u16('disk'), end.u16('firstDisk'), end.u16('here'), end.u16('count')];
  const size = end.u32('size');
  const start = end.u32('start');
  if (disk !== 0 || firstDisk !== 0 || here !== count) refuseZip(at, 'It is spread over several disks.');
  if (count > MAX_ZIP_FILES) throw new SevError('BYTES_TOO_LARGE', { at, because: `It has ${count} files.` });
  if (start + size !== bytes.length - end.bytes.length) refuseZip(at, 'Its directory is not where it should be.');
  const reader = new ByteReader(bytes.slice(start, start + size), `${at}.directory`);
  const entries = Array.from({ length: count }, () => readEntry(reader));
  reader.end();
  const names = new Set(entries.map(({ name }) => name));
  if (names.size !== entries.length) refuseZip(at, 'Two of its files have the same name.');
  return { start, entries };
}

/** The end record is looked for from the end, behind it at most a comment of the length that it says. */
function findEnd(bytes: Uint8Array, at: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = bytes.length - END_SIZE;
  for (let i = last; i >= Math.max(0, last - 0xffff); i--) {
    if (view.getUint32(i, true) === END && view.getUint16(i + 20, true) === last - i) return i;
  }
  throw new SevError('BYTES_LENGTH', { at, because: 'The zip has no end: it was cut off.' });
}

function readEntry(reader: ByteReader): ZipEntry {
  if (reader.u32('signature') !== CENTRAL) refuseZip(reader.path('signature'), 'An entry does not begin as it must.');
  reader.take(4, 'versions');
  const flags = reader.u16('flags');
  if (flags & FLAGS_REFUSED) refuseZip(reader.path('flags'), 'A file is encrypted.');
  const method = reader.u16('method');
  reader.take(4, 'time');
  const [checksum, packedSize, size] = [reader.u32('checksum'), reader.u32('packedSize'), reader.u32('size')];
  const lengths = [reader.u16('nameLength'), reader.u16('extraLength'), reader.u16('commentLength')] as const;
  reader.take(8, 'attributes');
  const offset = reader.u32('offset');
  const name = fromUtf8(reader.take(lengths[0], 'name'), reader.path('name'));
  reader.take(lengths[1] + lengths[2], 'extra');
  if (size > MAX_INPUT_BYTES) throw new SevError('BYTES_TOO_LARGE', { at: name, because: `It has ${size} bytes.` });
  return { name, method, checksum, packedSize, size, offset };
}

/** @throws SevError BYTES_VALUE */
export function refuseZip(at: string, because: string): never {
  throw new SevError('BYTES_VALUE', { at, because, next: 'Unpack it, and give the files that were in it.' });
}
