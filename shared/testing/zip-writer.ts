// Makes zips for tests: stored or deflated, with a place to spoil them.
import { crc32 } from '../bytes/crc32.ts';
import { toUtf8 } from '../bytes/text.ts';
import { ByteWriter, concat } from '../bytes/writer.ts';

export interface ZipOptions {
  readonly deflate?: boolean;
  readonly comment?: string;
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A zip as Info-ZIP writes it, without extra fields. */
export async function zipOf(
  files: Readonly<Record<string, Uint8Array>>,
  options: ZipOptions = {},
): Promise<Uint8Array> {
  const locals: Uint8Array[] = [];
  const centrals: Uint8Array[] = [];
  let offset = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const packed = options.deflate ? await deflate(bytes) : bytes;
    const common = new ByteWriter().u16(options.deflate ? 8 : 0).u32(0);
    common.u32(crc32(bytes)).u32(packed.length).u32(bytes.length).u16(toUtf8(name).length).u16(0);
    const local = new ByteWriter()
      .u32(0x04034b50)
      .u16(20)
      .u16(0)
      .bytes(common.finish())
      .bytes(toUtf8(name))
      .bytes(packed);
    const central = new ByteWriter().u32(0x02014b50).u16(20).u16(20).u16(0).bytes(common.finish());
    centrals.push(central.zeros(10).u32(offset).bytes(toUtf8(name)).finish());
    locals.push(local.finish());
    offset += local.length;
  }
  const directory = concat(...centrals);
  const end = new ByteWriter().u32(0x06054b50).u16(0).u16(0).u16(centrals.length).u16(centrals.length);
  const comment = toUtf8(options.comment ?? '');
  end.u32(directory.length).u32(offset).u16(comment.length).bytes(comment);
  return concat(...locals, directory, end.finish());
}
