// The frame around every message (BCR-2023-001, `compressed`): a list of CRC-32, size and raw DEFLATE, or the plain bytes where
// deflating would not make them fewer.
import { crc32 } from '../bytes/crc32.ts';
import { concat } from '../bytes/writer.ts';
import { SevError } from '../errors.ts';
import { integer, refuse } from '../schema.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';

// The web's and Node's streams, as far as they are used here; ECMAScript itself has none.
interface ByteStream {
  readonly readable: {
    getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }>; cancel(): Promise<void> };
  };
  readonly writable: {
    getWriter(): { write(chunk: Uint8Array): Promise<void>; close(): Promise<void>; abort(): Promise<void> };
  };
}
type StreamKind = 'CompressionStream' | 'DecompressionStream';
type Streams = Partial<Record<StreamKind, new (format: 'deflate-raw') => ByteStream>>;

/** Fed in slices, so that a bomb bursts after one of them and not only when all has been inflated. */
const SLICE_BYTES = 512;

/** Deflates one message and frames it. Where the platform has no CompressionStream the message travels as it is. */
export async function compress(message: Uint8Array): Promise<Uint8Array> {
  const stream = open('CompressionStream');
  const deflated = stream && (await pump(stream, message, Infinity));
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

/**
 * Inflates raw DEFLATE; never holds more than `maxBytes`. Also the zip reader's.
 * @throws SevError BYTES_TOO_LARGE, BYTES_ENCODING
 */
export async function inflate(deflated: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const stream = open('DecompressionStream');
  if (!stream) {
    throw new SevError('BYTES_ENCODING', {
      sentence: 'This device cannot inflate what was compressed.',
      next: 'Use a newer browser, or Node 20.12 or later; or carry the blob as a file.',
    });
  }
  return pump(stream, deflated, maxBytes);
}

/** None where the platform has no such stream, or knows only the formats with headers, as Node did before 20.12. */
function open(kind: StreamKind): ByteStream | undefined {
  const Stream = (globalThis as unknown as Streams)[kind];
  try {
    return Stream && new Stream('deflate-raw');
  } catch {
    return undefined;
  }
}

/** Sends bytes through a stream and gathers what comes out, giving up beyond `maxBytes`. */
async function pump(stream: ByteStream, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  const feed = async (): Promise<void> => {
    for (let i = 0; i < bytes.length; i += SLICE_BYTES) await writer.write(bytes.slice(i, i + SLICE_BYTES));
    await writer.close();
  };
  const gather = async (): Promise<Uint8Array> => {
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      total += next.value!.length;
      if (total > maxBytes) throw new SevError('BYTES_TOO_LARGE', { because: 'It inflates to more than it says.' });
      chunks.push(next.value!);
    }
    return concat(...chunks);
  };
  try {
    const [gathered] = await Promise.all([gather(), feed()]);
    return gathered;
  } catch (cause) {
    await Promise.allSettled([reader.cancel(), writer.abort()]);
    if (cause instanceof SevError) throw cause;
    throw new SevError('BYTES_ENCODING', { sentence: 'The compressed data is damaged.', cause });
  }
}
