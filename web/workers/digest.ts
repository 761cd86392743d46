// Hashes files: small ones here, where the engine works beside the page anyway; others in a worker.
import { toHex } from '../../shared/bytes/text.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';
import { type CallOptions, callWorker } from './call.ts';
import workerUrl from './digest.worker.ts?worker&url';
import { bytesOf } from './file-pieces.ts';
import { type HashedFile, type HashedImage, type HashRequest, MAX_AT_ONCE } from './messages.ts';

/** Up to here a worker takes longer to start than the engine to hash, and the page hardly notices that bytes are handed over. */
const MAX_HERE = 16 * 1024 * 1024;

/** Up to here the start of a worker that keeps the state is much of its time. */
const MAX_EARLY = 8 * 1024 * 1024;

/** For a kernel or an initrd, whose hash alone is measured. @throws SevError VAULT_WORKER when the file cannot be read; AbortError when cancelled */
export const hashFile = (file: File, options?: CallOptions): Promise<HashedFile> =>
  file.size <= MAX_HERE
    ? hashHere(file, options)
    : callWorker<HashRequest, HashedFile>(workerUrl, { file, as: 'plain' }, options);

async function hashHere(file: File, { signal }: CallOptions = {}): Promise<HashedFile> {
  signal?.throwIfAborted();
  const bytes = await bytesOf(file).catch((cause: unknown) => {
    throw new SevError('VAULT_WORKER', { cause });
  });
  const digest = await sha256(bytes);
  signal?.throwIfAborted();
  return { size: bytes.length, sha256: toHex(digest) };
}

const hashWithState = (file: File, options?: CallOptions): Promise<HashedImage> =>
  callWorker<HashRequest, HashedImage>(workerUrl, { file, as: 'image' }, options);

/**
 * Hashes a guest image: which file it is, at the engine's own speed; and with a state to go on from, which the
 * engine keeps to itself and which takes several times as long, unless the image is known by its hash.
 *
 * @param known what the caller knows of the image with this SHA-256, if anything
 * @throws SevError VAULT_WORKER, MEASURE_IMAGE when it changed meanwhile; AbortError when cancelled
 */
export async function hashImage<K extends HashedImage>(
  file: File,
  known: (sha256: string) => K | undefined,
  options: CallOptions = {},
): Promise<K | HashedImage> {
  // A file too large for the engine would only be streamed twice.
  if (file.size > MAX_AT_ONCE) return hashWithState(file, options);
  const ending = new AbortController();
  const end = (): void => ending.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', end);
  const startState = (): Promise<HashedImage> => hashWithState(file, { ...options, signal: ending.signal });
  try {
    // While a small file is hashed here, the worker that keeps its state can start.
    const early = file.size <= MAX_EARLY ? startState() : undefined;
    early?.catch(() => undefined); // Whether it is needed, and so whether it may fail, is known below.
    const identity = await hashFile(file, { signal: options.signal });
    const image = known(identity.sha256) ?? (await (early ?? startState()));
    if (image.sha256 === identity.sha256) return image;
    throw new SevError('MEASURE_IMAGE', { because: 'It changed while it was read.' });
  } finally {
    options.signal?.removeEventListener('abort', end);
    ending.abort();
  }
}
