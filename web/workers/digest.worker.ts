// Hashes a file away from the page: in one piece where that is quickest, piece by piece where its state is kept.
import { toHex } from '../../shared/bytes/text.ts';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';
import {
  type GuestImage,
  IMAGE_HEAD_SIZE,
  IMAGE_TAIL_SIZE,
  parseGuestImageEnds,
} from '../../shared/formats/guest-image.ts';
import { answer, type Progress } from './answer.ts';
import type { HashedFile, HashedImage, HashRequest } from './messages.ts';

const PIECE = 1024 * 1024;
/** Above this the engine's one-piece hash takes too much memory. */
const MAX_AT_ONCE = 512 * 1024 * 1024;

const bytesOf = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer());

async function streamFile(file: File, progress: Progress): Promise<Sha256Stream> {
  const stream = new Sha256Stream();
  for (let offset = 0; offset < file.size; offset += PIECE) {
    stream.update(await bytesOf(file.slice(offset, offset + PIECE)));
    progress(Math.min(1, (offset + PIECE) / file.size));
  }
  return stream;
}

async function hashImage(file: File, progress: Progress): Promise<HashedImage> {
  const stream = await streamFile(file, progress);
  const guestImage = await readGuestImage(file);
  const hashed = { size: file.size, sha256: toHex(stream.digest()), midstate: stream.midstate() };
  return { ...hashed, ...(guestImage && { guestImage }) };
}

/** A file that is no OVMF can still be measured. */
async function readGuestImage(file: File): Promise<GuestImage | undefined> {
  const head = await bytesOf(file.slice(0, IMAGE_HEAD_SIZE));
  const tail = await bytesOf(file.slice(Math.max(0, file.size - IMAGE_TAIL_SIZE)));
  try {
    return parseGuestImageEnds({ head, tail, size: file.size });
  } catch (error) {
    if (error instanceof SevError) return undefined;
    throw error;
  }
}

async function hashPlain(file: File, progress: Progress): Promise<HashedFile> {
  const digest =
    file.size <= MAX_AT_ONCE ? await sha256(await bytesOf(file)) : (await streamFile(file, progress)).digest();
  return { size: file.size, sha256: toHex(digest) };
}

answer<HashRequest, HashedFile>(({ file, as }, progress) =>
  as === 'image' ? hashImage(file, progress) : hashPlain(file, progress),
);
