// Guest images with chosen tables and beginnings, for tests.
import { encodeGuid } from '../bytes/guid.ts';
import { ascii } from '../bytes/text.ts';
import { ByteWriter, concat } from '../bytes/writer.ts';

const FOOTER = '96b582de-1fb2-45f7-baea-a366c55a082d';
export const RESET = '00f771de-1a7e-4fcb-890e-68c77e2fb44e';
export const HASHES = '7255371f-3a3b-4b04-927b-1da6efa8d454';
export const SECRET = '4c2eb361-7d9b-4cc3-8081-127c90d3d294';
export const VARIABLES = 'fff12b8d-7696-4c8b-a985-2747075b4f50';
export const FILES = '8c8ce578-8a3d-4f1c-9935-896185c32dd3';

export const le = (...words: number[]) => words.reduce((writer, word) => writer.u32(word), new ByteWriter()).finish();
export const entry = (guid: string, data: Uint8Array) =>
  new ByteWriter()
    .bytes(data)
    .u16(data.length + 18)
    .bytes(encodeGuid(guid))
    .finish();
export const volume = (guid: string) =>
  new ByteWriter().zeros(16).bytes(encodeGuid(guid)).zeros(8).bytes(ascii('_FVH')).zeros(20).finish();
/** An image with this beginning and these entries in its table. */
export function image(entries: Uint8Array[], head = volume(FILES), total?: number): Uint8Array {
  const table = concat(...entries);
  const footer = new ByteWriter()
    .u16(total ?? table.length + 18)
    .bytes(encodeGuid(FOOTER))
    .finish();
  return concat(head, new Uint8Array(100), table, footer, new Uint8Array(32));
}
export const area = (guid: string, base: number, size: number) => entry(guid, le(base, size));

/** An image whose table says that it is longer than the file. */
export const unreadableImage = (): Uint8Array => image([], concat(volume(FILES), new Uint8Array(10)), 0xffff);
