// Hashes a file away from the page: in one piece where that is quickest, piece by piece where its state is kept.
import { toHex } from '../../shared/bytes/text.ts';
import { type Sha256Midstate, Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import { MAX_FIRMWARE_SIZE } from '../../shared/guest/firmware-code.ts';
import {
  type GuestImage,
  guestImageOf,
  IMAGE_HEAD_SIZE,
  IMAGE_TAIL_SIZE,
  withCode,
} from '../../shared/guest/guest-image.ts';
import { answer, type Progress } from './answer.ts';
import { bytesOf, piecesOf } from './file-pieces.ts';
import { type HashedFile, type HashedImage, type HashRequest, MAX_AT_ONCE } from './messages.ts';

async function streamFile(file: File, progress: Progress): Promise<Sha256Midstate> {
  // Only here: what the engine hashes in one piece needs no WebAssembly, nor the time to read it.
  const { newFileHash } = await import('./file-hash.ts');
  const hash = await newFileHash();
  let done = 0;
  for await (const piece of piecesOf(file)) {
    hash.update(piece);
    done += piece.length;
    progress(Math.min(1, done / file.size));
  }
  return hash.midstate();
}

const digestOf = (midstate: Sha256Midstate): Uint8Array => Sha256Stream.from(midstate).digest();

async function hashImage(file: File, progress: Progress): Promise<HashedImage> {
  const [midstate, guestImage] = await Promise.all([streamFile(file, progress), readGuestImage(file)]);
  return { size: file.size, sha256: toHex(digestOf(midstate)), midstate, ...(guestImage && { guestImage }) };
}

async function readGuestImage(file: File): Promise<GuestImage | undefined> {
  const [head, tail] = await Promise.all([
    bytesOf(file.slice(0, IMAGE_HEAD_SIZE)),
    bytesOf(file.slice(Math.max(0, file.size - IMAGE_TAIL_SIZE))),
  ]);
  const image = guestImageOf({ head, tail, size: file.size });
  // Looking into the code takes a second or so, and memory for all of it.
  const promises = image?.hashArea ?? image?.secretArea;
  return image && promises && file.size <= MAX_FIRMWARE_SIZE ? withCode(image, await bytesOf(file)) : image;
}

async function hashPlain(file: File, progress: Progress): Promise<HashedFile> {
  const digest = file.size <= MAX_AT_ONCE ? await sha256(readAtOnce(file)) : digestOf(await streamFile(file, progress));
  return { size: file.size, sha256: toHex(digest) };
}

/** A worker may wait for the disk, and need not go back and forth with it. */
const readAtOnce = (file: File): Uint8Array => new Uint8Array(new FileReaderSync().readAsArrayBuffer(file));

answer<HashRequest, HashedFile>(({ file, as }, progress) =>
  as === 'image' ? hashImage(file, progress) : hashPlain(file, progress),
);
