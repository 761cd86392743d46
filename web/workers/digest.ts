// Asks the worker that hashes files.
import { SevError } from '../../shared/errors.ts';
import { type CallOptions, callWorker } from './call.ts';
import workerUrl from './digest.worker.ts?worker&url';
import { type HashedFile, type HashedImage, type HashRequest, MAX_AT_ONCE } from './messages.ts';

/** For a kernel or an initrd, whose hash alone is measured. @throws SevError VAULT_WORKER when the file cannot be read; AbortError when cancelled */
export const hashFile = (file: File, options?: CallOptions): Promise<HashedFile> =>
  callWorker<HashRequest, HashedFile>(workerUrl, { file, as: 'plain' }, options);

const hashWithState = (file: File, options?: CallOptions): Promise<HashedImage> =>
  callWorker<HashRequest, HashedImage>(workerUrl, { file, as: 'image' }, options);

/**
 * Hashes a guest image: first which file it is, at the engine's own speed; then with a state to go on from, which the
 * engine keeps to itself and which takes several times as long, unless the image is known by its hash.
 *
 * @param known what the caller knows of the image with this SHA-256, if anything
 * @throws SevError VAULT_WORKER, MEASURE_IMAGE when it changed meanwhile; AbortError when cancelled
 */
export async function hashImage<K extends HashedImage>(
  file: File,
  known: (sha256: string) => K | undefined,
  options?: CallOptions,
): Promise<K | HashedImage> {
  // A file too large for the engine would only be streamed twice.
  const identity = file.size <= MAX_AT_ONCE ? await hashFile(file, { signal: options?.signal }) : undefined;
  const image = (identity && known(identity.sha256)) ?? (await hashWithState(file, options));
  if (!identity || image.sha256 === identity.sha256) return image;
  throw new SevError('MEASURE_IMAGE', { because: 'It changed while it was read.' });
}
