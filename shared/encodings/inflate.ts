// Raw DEFLATE through the platform's own streams, bounded. ECMAScript itself has none.
import { concat } from '../bytes/writer.ts';
import { SevError } from '../errors.ts';

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

/** Deflates; undefined where the platform has no such stream. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const stream = open('CompressionStream');
  return stream && pump(stream, bytes, Infinity);
}

/**
 * Inflates raw DEFLATE; never holds more than `maxBytes`.
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
