// The same work with the peers' means, each in a worker of its own, as it would be done.
import subtleUrl from './subtle.worker.ts?worker&url';
import wasmUrl from './hash-wasm.worker.ts?worker&url';

const ask = (url: string, file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(url, { type: 'module' });
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }: MessageEvent<{ sha256?: string; error?: string }>) => {
      worker.terminate();
      if (data.sha256 !== undefined) resolve(data.sha256);
      else reject(new Error(data.error));
    };
    worker.postMessage(file);
  });

export const hashInOnePiece = (file: File): Promise<string> => ask(subtleUrl, file);
export const hashInPieces = (file: File): Promise<string> => ask(wasmUrl, file);
