// Asks for one launch of the tamper lab in its worker.
import type { LieName } from '../practice/lab/lie-names.ts';
import type { Outcome } from '../practice/lab/outcome.ts';
import { type CallOptions, callWorker } from './call.ts';
import workerUrl from './lab.worker.ts?worker&url';

export const playLie = (lie: LieName, options?: CallOptions): Promise<Outcome> => callWorker(workerUrl, lie, options);
