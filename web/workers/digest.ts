// Asks the worker that hashes files.
import { type CallOptions, callWorker } from './call.ts';
import workerUrl from './digest.worker.ts?worker&url';
import type { HashedFile, HashedImage, HashRequest } from './messages.ts';

/** @throws SevError VAULT_WORKER when the file cannot be read; AbortError when cancelled */
export const hashImage = (file: File, options?: CallOptions): Promise<HashedImage> =>
  callWorker<HashRequest, HashedImage>(workerUrl, { file, as: 'image' }, options);

/** As `hashImage`, for a kernel or an initrd, whose hash alone is measured. */
export const hashFile = (file: File, options?: CallOptions): Promise<HashedFile> =>
  callWorker<HashRequest, HashedFile>(workerUrl, { file, as: 'plain' }, options);
