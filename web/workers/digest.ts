// Asks the worker that hashes files.
import { type CallOptions, callWorker } from './call.ts';
import workerUrl from './digest.worker.ts?worker&url';
import { type HashedFile, type HashedImage, type HashRequest, MAX_AT_ONCE } from './messages.ts';

/** @throws SevError VAULT_WORKER when the file cannot be read; AbortError when cancelled */
export const hashImage = (file: File, options?: CallOptions): Promise<HashedImage> =>
  callWorker<HashRequest, HashedImage>(workerUrl, { file, as: 'image' }, options);

/** As `hashImage`, for a kernel or an initrd, whose hash alone is measured. */
export const hashFile = (file: File, options?: CallOptions): Promise<HashedFile> =>
  callWorker<HashRequest, HashedFile>(workerUrl, { file, as: 'plain' }, options);

export interface ImageInHand {
  /** Which file it is: at the engine's own speed. */
  readonly identity: Promise<HashedFile>;
  /** The same, with the state that the engine keeps to itself: it takes several times as long. */
  readonly image: Promise<HashedImage>;
}

/** Hashes a guest image in two workers at once. A caller who knows the file by its hash need not wait for its state. */
export function identifyImage(file: File, options?: CallOptions): ImageInHand {
  const image = hashImage(file, options);
  image.catch(() => undefined); // Whoever wants it hears of it; nobody has to.
  // A file too large for the engine would only be streamed twice.
  return { image, identity: file.size <= MAX_AT_ONCE ? hashFile(file, { signal: options?.signal }) : image };
}
