// The page of the browser bench: hashes a chosen file with the app's own worker, or as others would.
import { hashFile, hashImage } from '../../../web/workers/digest.ts';
import { hashInOnePiece, hashInPieces } from './peers.ts';

const WAYS = {
  /** The app's worker, for kernels and initrds. */
  ours: async (file: File) => (await hashFile(file)).sha256,
  /** The app's worker, for guest images: it keeps a state to go on from. */
  oursWithState: async (file: File) => (await hashImage(file)).sha256,
  /** crypto.subtle in a worker, the whole file in memory. */
  subtle: hashInOnePiece,
  /** hash-wasm in a worker, a piece at a time. */
  hashWasm: hashInPieces,
};

export type Way = keyof typeof WAYS;

export interface Timed {
  readonly ms: number;
  readonly sha256: string;
}

async function hashChosen(way: Way): Promise<Timed> {
  const file = document.querySelector('input')?.files?.[0];
  if (!file) throw new Error('no file was chosen');
  const started = performance.now();
  const sha256 = await WAYS[way](file);
  return { ms: performance.now() - started, sha256 };
}

Object.assign(window, { hashChosen });
