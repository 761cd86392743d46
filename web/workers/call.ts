// The page's end of a call to a worker: an answer, a refusal in our words, or cancelled.
import { SevError } from '../../shared/errors.ts';
import { trustedScript } from '../offline/trusted.ts';
import type { Reply } from './messages.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Hears how far the work is, from 0 to 1. */
  readonly onprogress?: ((part: number) => void) | undefined;
}

/**
 * Starts a worker, asks it once and ends it: cancelling a call thus always frees what it used.
 * @throws SevError what the worker refused with, VAULT_WORKER when it crashed; the signal's reason when aborted
 */
export function callWorker<Q, A>(url: string, request: Q, { signal, onprogress }: CallOptions = {}): Promise<A> {
  signal?.throwIfAborted();
  const worker = new Worker(trustedScript(url), { type: 'module' });
  const { port1, port2 } = new MessageChannel();
  return new Promise<A>((resolve, reject) => {
    const end = (): void => {
      signal?.removeEventListener('abort', abort);
      port1.close();
      worker.terminate();
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    const abort = (): void => fail(signal?.reason as Error);
    signal?.addEventListener('abort', abort);
    worker.addEventListener('error', (cause) => fail(new SevError('VAULT_WORKER', { cause })));
    port1.onmessage = ({ data }: MessageEvent<Reply<A>>) => {
      if ('progress' in data) return onprogress?.(data.progress);
      if ('refusal' in data) return fail(new SevError(data.refusal.code, data.refusal));
      end();
      resolve(data.answer);
    };
    worker.postMessage(request, [port2]);
  });
}
