// Asks the worker that hashes files.
import { type CallOptions, callWorker } from './call.ts';
import workerUrl from './digest.worker.ts?worker&url';
import type { HashedImage } from './messages.ts';

/** @throws SevError VAULT_WORKER when the file cannot be read; AbortError when cancelled */
export const hashFile = (file: File, options?: CallOptions): Promise<HashedImage> =>
  callWorker(workerUrl, file, options);
