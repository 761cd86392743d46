// A zip of a few small files, stored and not compressed: `certs_export.zip` as sev-tool makes it.
import { crc32 } from '../../shared/bytes/crc32.ts';
import { ascii } from '../../shared/bytes/text.ts';
import { ByteWriter, concat } from '../../shared/bytes/writer.ts';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
// 1 January 1980, the zip's own beginning: the same certificates give the same zip.
const DOS_DATE = 0x0021;

/** @param files name → content; names are plain ASCII without folders */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const locals: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const local = concat(new ByteWriter().u32(LOCAL).bytes(entry(name, content)).bytes(ascii(name)).finish(), content);
    central.push(centralEntry(name, content, offset));
    locals.push(local);
    offset += local.length;
  }
  const directory = concat(...central);
  const end = new ByteWriter().u32(END).u16(0).u16(0).u16(files.size).u16(files.size);
  return concat(...locals, directory, end.u32(directory.length).u32(offset).u16(0).finish());
}

/** Version needed to the length of the extra field: what both headers share. */
const entry = (name: string, content: Uint8Array): Uint8Array =>
  new ByteWriter()
    .u16(VERSION)
    .u16(0) // flags
    .u16(0) // stored
    .u16(0) // time
    .u16(DOS_DATE)
    .u32(crc32(content))
    .u32(content.length)
    .u32(content.length)
    .u16(name.length)
    .u16(0)
    .finish();

const centralEntry = (name: string, content: Uint8Array, offset: number): Uint8Array =>
  new ByteWriter()
    .u32(CENTRAL)
    .u16(VERSION)
    .bytes(entry(name, content))
    .u16(0) // comment
    .u16(0) // disk
    .u16(0) // internal attributes
    .u32(0) // external attributes
    .u32(offset)
    .bytes(ascii(name))
    .finish();
