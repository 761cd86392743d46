// Asks the worker that derives keys from passphrases.
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import { type CallOptions, callWorker } from './call.ts';
import workerUrl from './kdf.worker.ts?worker&url';
import type { KdfRequest } from './messages.ts';

export const deriveInWorker = (request: KdfRequest, options?: CallOptions): Promise<CryptoKey> =>
  callWorker(workerUrl, request, options);
