// Hashes a file away from the page, piece by piece, so that files of any size take little memory.
import { toHex } from '../../shared/bytes/text.ts';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import { answer, type Progress } from './answer.ts';
import type { HashedImage } from './messages.ts';

const PIECE = 1024 * 1024;

async function hashFile(file: File, progress: Progress): Promise<HashedImage> {
  const stream = new Sha256Stream();
  for (let offset = 0; offset < file.size; offset += PIECE) {
    stream.update(new Uint8Array(await file.slice(offset, offset + PIECE).arrayBuffer()));
    progress(Math.min(1, (offset + PIECE) / file.size));
  }
  return { size: file.size, sha256: toHex(stream.digest()), midstate: stream.midstate() };
}

answer(hashFile);
