// SHA-256 in pieces at the speed of WebAssembly, with a state that can be kept; in JavaScript where a page may not
// compile WebAssembly.
import { createSHA256, type IHasher } from 'hash-wasm';
import { BLOCK_SIZE, DIGEST_SIZE } from '../../shared/crypto/sha256-block.ts';
import { type Sha256Midstate, Sha256Stream } from '../../shared/crypto/sha256-stream.ts';

/** What `Sha256Stream` is too. */
export interface FileHash {
  update(piece: Uint8Array): unknown;
  /** The state after all pieces so far. */
  midstate(): Sha256Midstate;
}

export async function newFileHash(): Promise<FileHash> {
  const hasher = await createSHA256().catch(() => undefined);
  return hasher ? wasmHash(hasher) : new Sha256Stream();
}

function wasmHash(hasher: IHasher): FileHash {
  let length = 0;
  hasher.init();
  return {
    update(piece) {
      hasher.update(piece);
      length += piece.length;
    },
    midstate: () => readSavedState(hasher.save(), length),
  };
}

/**
 * What hash-wasm saves of a hash: the beginning of its module's own hash 4, the block that waits 64, length 8, then
 * the eight words of the state, little-endian. Its version is pinned, and a test holds this against our own state.
 */
function readSavedState(saved: Uint8Array, length: number): Sha256Midstate {
  const [blockAt, stateAt] = [4, 4 + BLOCK_SIZE + 8];
  const view = new DataView(saved.buffer, saved.byteOffset, saved.length);
  const state = new Uint8Array(DIGEST_SIZE);
  const words = new DataView(state.buffer);
  for (let at = 0; at < DIGEST_SIZE; at += 4) words.setUint32(at, view.getUint32(stateAt + at, true));
  return { state, length, tail: saved.slice(blockAt, blockAt + (length % BLOCK_SIZE)) };
}
