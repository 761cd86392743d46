// Keeps the worker that reads QR codes, for as long as a scanner is open.
import { SevError } from '../../shared/errors.ts';
import { trustedScript } from '../offline/trusted.ts';
import type { Reply } from './messages.ts';
import type { ScanAnswer, ScanRequest } from './scan-messages.ts';
import workerUrl from './scan.worker.ts?worker&url';

/** Reads one picture at a time: whoever has a camera offers the next frame when the last is done. */
export class CodeReader {
  readonly #worker = new Worker(trustedScript(workerUrl), { type: 'module' });
  readonly #crashed: Promise<never>;
  #end = (): void => undefined;
  /** Whoever still waits is answered when it closes: nothing was found. */
  readonly #closed = new Promise<ScanAnswer>((resolve) => {
    this.#end = () => resolve({ texts: [], decoder: 'plain' });
  });

  constructor() {
    this.#crashed = new Promise<never>((_, reject) => {
      this.#worker.addEventListener('error', (cause) => reject(new SevError('VAULT_WORKER', { cause })));
    });
    // Whether anybody is waiting or not, a crash is told by the next read.
    this.#crashed.catch(() => undefined);
  }

  /**
   * @param request its picture goes over to the worker and is closed there
   * @throws SevError VAULT_WORKER when the worker crashed
   */
  read(request: ScanRequest): Promise<ScanAnswer> {
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise<ScanAnswer>((resolve, reject) => {
      port1.onmessage = ({ data }: MessageEvent<Reply<ScanAnswer>>) => {
        if ('answer' in data) resolve(data.answer);
        else if ('refusal' in data) reject(new SevError(data.refusal.code, data.refusal));
      };
    });
    this.#worker.postMessage(request, [port2, request.picture]);
    return Promise.race([answered, this.#crashed, this.#closed]).finally(() => port1.close());
  }

  close(): void {
    this.#worker.terminate();
    this.#end();
  }
}
