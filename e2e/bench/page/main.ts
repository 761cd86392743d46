// The page of the browser bench: hashes a chosen file with the app's own worker, or as others would.
import { hashFile, identifyImage } from '../../../web/workers/digest.ts';
import { hashInOnePiece, hashInPieces } from './peers.ts';

interface Answer {
  readonly sha256: string;
  /** What goes on afterwards, and must not go on into the next turn. */
  readonly rest?: Promise<unknown>;
}

const WAYS: Readonly<Record<string, (file: File) => Promise<Answer>>> = {
  /** The app's worker, for kernels and initrds. */
  ours: hashFile,
  /** The app's two workers, for guest images, until it is known which file it is. */
  oursIdentity: async (file) => {
    const { identity, image } = identifyImage(file);
    return { ...(await identity), rest: image };
  },
  /** The same, until there is also a state to go on from. */
  oursWithState: async (file) => {
    const { identity, image } = identifyImage(file);
    return (await Promise.all([image, identity]))[0];
  },
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
  const { sha256, rest } = await WAYS[way]!(file);
  const ms = performance.now() - started;
  await rest;
  return { ms, sha256 };
}

Object.assign(window, { hashChosen });
