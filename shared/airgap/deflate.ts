// The frame around every message (BCR-2023-001, `compressed`): a list of CRC-32, size and raw DEFLATE, or the plain bytes where
// deflating would not make them fewer.
import { crc32 } from '../bytes/crc32.ts';
import { deflate, inflate } from '../encodings/inflate.ts';
import { SevError } from '../errors.ts';
import { integer, refuse } from '../schema.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';

/** Deflates one message and frames it. Where the platform has no CompressionStream the message travels as it is. */
export async function compress(message: Uint8Array): Promise<Uint8Array> {
  const deflated = await deflate(message);
  const body = deflated && deflated.length < message.length ? deflated : message;
  return encodeCbor([crc32(message), message.length, body]);
}

/**
 * Reads a framed message; never holds more than it says that it has, nor more than `maxBytes`.
 * @throws SevError BYTES_TOO_LARGE, BYTES_LENGTH, BYTES_VALUE, BYTES_CHECKSUM
 */
export async function decompress(framed: Uint8Array, maxBytes = MAX_MESSAGE_BYTES): Promise<Uint8Array> {
  const value = decodeCbor(framed, 'compressed');
  if (!Array.isArray(value) || value.length !== 3) return refuse('compressed', 'It is not a list of three.');
  const [checksum, size, body] = value as readonly unknown[];
  if (!(body instanceof Uint8Array)) return refuse('compressed.data', 'It is not a byte string.');
  const length = integer(1, Number.MAX_SAFE_INTEGER).parse(size, 'compressed.size');
  if (length > maxBytes) throw new SevError('BYTES_TOO_LARGE', { because: `It says that it has ${length} bytes.` });
  const message = body.length === length ? body : await inflate(body, length);
  if (message.length !== length || crc32(message) !== checksum) throw new SevError('BYTES_CHECKSUM');
  return message;
}
