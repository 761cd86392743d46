// One gzip member around raw DEFLATE. RFC 1952.
import { crc32 } from '../bytes/crc32.ts';
import { SevError } from '../errors.ts';
import { inflate } from './inflate.ts';

const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };
const HEADER_SIZE = 10;
const TRAILER_SIZE = 8;

export const looksLikeGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;

/**
 * Inflates a file of one member; never holds more than `maxBytes`.
 * @throws SevError BYTES_CHECKSUM, BYTES_TOO_LARGE, BYTES_ENCODING
 */
export async function gunzip(bytes: Uint8Array, maxBytes: number, at = ''): Promise<Uint8Array> {
  const start = headerEnd(bytes);
  if (start === undefined || start + TRAILER_SIZE > bytes.length) throw new SevError('BYTES_ENCODING', { at });
  const end = bytes.length - TRAILER_SIZE;
  const content = await inflate(bytes.slice(start, end), maxBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset + end, TRAILER_SIZE);
  const isWhole = view.getUint32(0, true) === crc32(content) && view.getUint32(4, true) === content.length;
  if (!isWhole) throw new SevError('BYTES_CHECKSUM', { at });
  return content;
}

/** Where the compressed data begins; undefined when the header is malformed. */
function headerEnd(bytes: Uint8Array): number | undefined {
  const flags = bytes[3];
  if (!looksLikeGzip(bytes) || flags === undefined || (flags & FLAG.reserved) !== 0) return undefined;
  let offset = HEADER_SIZE;
  if (flags & FLAG.extra) offset += 2 + (bytes[offset] ?? 0) + ((bytes[offset + 1] ?? 0) << 8);
  for (const flag of [FLAG.name, FLAG.comment]) {
    if (!(flags & flag)) continue;
    const zero = bytes.indexOf(0, offset);
    if (zero < 0) return undefined;
    offset = zero + 1;
  }
  if (flags & FLAG.headerCrc) offset += 2;
  return offset;
}
