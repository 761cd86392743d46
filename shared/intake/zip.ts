// A small strict zip reader, for sev-tool's certs_export.zip: stored and deflated files, bounded in number and size.
import { SevError } from '../errors.ts';
import { inflate } from '../encodings/inflate.ts';
import { crc32 } from '../bytes/crc32.ts';
import { ByteReader } from '../bytes/reader.ts';
import { fromUtf8 } from '../bytes/text.ts';
import { MAX_INPUT_BYTES, MAX_ZIP_BYTES } from './limits.ts';
import { readZipDirectory, refuseZip, type ZipEntry } from './zip-directory.ts';

const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A zip begins with a file's header, or with the end of an empty one. */
export const looksLikeZip = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);

/**
 * Reads every file of a zip; folders are left out. APPNOTE 6.3: the central directory is what counts, and each file's
 * own header must agree with it.
 *
 * @throws SevError BYTES_TOO_LARGE, BYTES_LENGTH, BYTES_VALUE, BYTES_CHECKSUM, BYTES_ENCODING
 */
export async function readZip(bytes: Uint8Array, at = 'zip'): Promise<ZipFile[]> {
  if (bytes.length > MAX_INPUT_BYTES) throw new SevError('BYTES_TOO_LARGE', { at });
  const { start, entries } = readZipDirectory(bytes, at);
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total > MAX_ZIP_BYTES) throw new SevError('BYTES_TOO_LARGE', { at, because: `Its files have ${total} bytes.` });
  const files: ZipFile[] = [];
  let free = 0;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    const { data, end } = locate(bytes.subarray(0, start), entry, free, at);
    free = end;
    if (!entry.name.endsWith('/')) files.push({ name: entry.name, bytes: await unpack(data, entry, at) });
  }
  return files;
}

/** Finds a file's packed bytes. Files may not overlap, nor reach into the directory. */
function locate(body: Uint8Array, entry: ZipEntry, free: number, at: string): { data: Uint8Array; end: number } {
  if (entry.offset < free) refuseZip(at, 'Two of its files overlap.');
  const reader = new ByteReader(body.subarray(entry.offset), `${at}.${entry.name}`);
  if (reader.u32('signature') !== LOCAL) refuseZip(reader.at, "The file's header is not where it should be.");
  reader.take(4, 'flags');
  if (reader.u16('method') !== entry.method) refuseZip(reader.path('method'), 'Header and directory disagree.');
  reader.take(16, 'sizes');
  const [nameLength, extraLength] = [reader.u16('nameLength'), reader.u16('extraLength')];
  const name = fromUtf8(reader.take(nameLength, 'name'), reader.path('name'));
  if (name !== entry.name) refuseZip(reader.path('name'), 'Header and directory disagree.');
  reader.take(extraLength, 'extra');
  const data = reader.take(entry.packedSize, 'data');
  return { data, end: entry.offset + reader.offset };
}

async function unpack(data: Uint8Array, { name, method, checksum, size }: ZipEntry, at: string): Promise<Uint8Array> {
  const place = `${at}.${name}`;
  if (method !== STORED && method !== DEFLATED) refuseZip(place, `Compression method ${method} is not read here.`);
  const bytes = method === STORED ? data : size === 0 ? new Uint8Array() : await inflate(data, size);
  if (bytes.length !== size)
    throw new SevError('BYTES_LENGTH', { at: place, because: `${bytes.length} bytes, not ${size}.` });
  if (crc32(bytes) !== checksum) throw new SevError('BYTES_CHECKSUM', { at: place });
  return bytes;
}
