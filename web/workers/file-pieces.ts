// A file piece by piece, each read while the one before it is worked on.

const PIECE = 4 * 1024 * 1024;

export const bytesOf = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer());

/** @returns the pieces in order; each is good only until the next is asked for, since its memory is used again */
export async function* piecesOf(file: Blob): AsyncGenerator<Uint8Array, void> {
  const reader = byteReader(file);
  if (!reader) return yield* slicesOf(file);
  let spare = new ArrayBuffer(PIECE);
  let ahead = reader.read(new Uint8Array(new ArrayBuffer(PIECE)));
  for (;;) {
    const { value, done } = await ahead;
    if (done) return;
    ahead = reader.read(new Uint8Array(spare));
    yield value;
    spare = value.buffer;
  }
}

/** Two buffers for a file of any size: of slices a collector may leave hundreds of megabytes behind. */
function byteReader(file: Blob): ReadableStreamBYOBReader | undefined {
  try {
    return file.stream().getReader({ mode: 'byob' });
  } catch {
    return undefined; // Some browsers stream files, but not into buffers that are given.
  }
}

async function* slicesOf(file: Blob): AsyncGenerator<Uint8Array, void> {
  const read = (offset: number): Promise<Uint8Array> => bytesOf(file.slice(offset, offset + PIECE));
  let ahead = read(0);
  for (let offset = 0; offset < file.size; offset += PIECE) {
    const piece = await ahead;
    ahead = read(offset + PIECE);
    yield piece;
  }
}
