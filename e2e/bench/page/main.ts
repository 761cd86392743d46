// The page of the browser bench: hashes a chosen file with the app's own worker, or as others would.
import { hashFile, hashImage } from '../../../web/workers/digest.ts';
import { hashInOnePiece, hashInPieces } from './peers.ts';

/** A library that has every image; its states are not looked at here. */
const knownForBench = (sha256: string) => ({
  size: 0,
  sha256,
  midstate: { state: new Uint8Array(32), length: 0, tail: new Uint8Array() },
});

const WAYS: Readonly<Record<string, (file: File) => Promise<{ readonly sha256: string }>>> = {
  /** The app's worker, for kernels and initrds. */
  ours: hashFile,
  /** The app's worker, for a guest image that the library knows. */
  oursKnown: (file) => hashImage(file, knownForBench),
  /** The same, for one that it does not know: which file it is, and then a state to go on from. */
  oursWithState: (file) => hashImage(file, () => undefined),
  /** crypto.subtle in a worker, the whole file in memory. */
  subtle: async (file) => ({ sha256: await hashInOnePiece(file) }),
  /** hash-wasm in a worker, a piece at a time. */
  hashWasm: async (file) => ({ sha256: await hashInPieces(file) }),
};

export interface Timed {
  readonly ms: number;
  readonly sha256: string;
}

async function hashChosen(way: string): Promise<Timed> {
  const file = document.querySelector('input')?.files?.[0];
  if (!file) throw new Error('no file was chosen');
  const started = performance.now();
  const { sha256 } = await WAYS[way]!(file);
  return { ms: performance.now() - started, sha256 };
}

Object.assign(window, { hashChosen });
