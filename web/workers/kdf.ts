// Asks the worker that derives keys from passphrases.
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import { callWorker } from './call.ts';
import workerUrl from './kdf.worker.ts?worker&url';
import type { KdfRequest } from './messages.ts';

export const deriveInWorker = (request: KdfRequest): Promise<CryptoKey> => callWorker(workerUrl, request);
