// The worker's end of a call: one request, any number of progress messages, one answer or refusal.
import { SevError } from '../../shared/errors.ts';
import type { Reply } from './messages.ts';

export type Progress = (part: number) => void;

/** Serves requests of one kind, each on the port that it brings. */
export function answer<Q, A>(work: (request: Q, progress: Progress) => Promise<A>): void {
  addEventListener('message', (event: MessageEvent<Q>) => {
    const [port] = event.ports;
    if (port === undefined) return;
    const reply = (message: Reply<A>): void => port.postMessage(message);
    work(event.data, (progress) => reply({ progress }))
      .then((result) => reply({ answer: result }))
      .catch((error: unknown) => {
        const known = error instanceof SevError ? error : new SevError('VAULT_WORKER', { cause: error });
        reply({ refusal: known.toJSON() });
      });
  });
}
