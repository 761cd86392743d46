// SHA-256 of files of any size, read in pieces and hashed by OpenSSL: for images and initrds on the command line.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { concat } from '../../shared/bytes/writer.ts';
import { MAX_FIRMWARE_SIZE } from '../../shared/guest/firmware-code.ts';
import { IMAGE_HEAD_SIZE } from '../../shared/guest/guest-image.ts';
import { unreadable } from './read-file.ts';

/** A piece that stays in the processor's cache, and is longer than the longest GUIDed table at an image's end. */
const PIECE_SIZE = 128 * 1024;

/** What is kept of a file that was read once, from beginning to end. */
export interface FileEnds {
  readonly size: number;
  /** Its first bytes, as many as a guest image's header has. */
  readonly head: Uint8Array;
  /** Its last bytes: all of a smaller file, at least 128 KiB of a larger one. */
  readonly tail: Uint8Array;
}

/** The same with all of it, where that was asked for and it is not too large. */
export interface HashedImage extends HashedFile {
  readonly whole?: Uint8Array;
}

export interface HashedFile extends FileEnds {
  /** SHA-256 of the file and of what is said to follow it, 32 bytes. Can be asked again with something else. */
  readonly sha256: (after?: Uint8Array) => Uint8Array;
}

/**
 * Reads and hashes a file; pipes too.
 * @throws SevError BYTES_FILE
 */
export function hashFile(path: string): HashedFile {
  const hash = createHash('sha256');
  const ends = readInPieces(path, (piece) => void hash.update(piece));
  return {
    ...ends,
    sha256: (after: Uint8Array = new Uint8Array()) => new Uint8Array(hash.copy().update(after).digest()),
  };
}

/**
 * The same for a guest image, which is looked into: pipes give it only once.
 * @throws SevError BYTES_FILE
 */
export function hashImage(path: string): HashedImage {
  const hash = createHash('sha256');
  let pieces: Uint8Array[] | undefined = [];
  let size = 0;
  const ends = readInPieces(path, (piece) => {
    hash.update(piece);
    size += piece.length;
    if (size > MAX_FIRMWARE_SIZE) pieces = undefined;
    pieces?.push(piece.slice());
  });
  return {
    ...ends,
    sha256: (after: Uint8Array = new Uint8Array()) => new Uint8Array(hash.copy().update(after).digest()),
    ...(pieces && { whole: concat(...pieces) }),
  };
}

/**
 * Reads a file from beginning to end.
 * @param take is given each piece, which is written over afterwards
 * @throws SevError BYTES_FILE
 */
export function readInPieces(path: string, take: (piece: Uint8Array) => void): FileEnds {
  try {
    const fd = openSync(path, 'r');
    try {
      return readOpen(fd, take);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function readOpen(fd: number, take: (piece: Uint8Array) => void): FileEnds {
  // Two pieces take turns, so that the one before the last is still there at the end.
  let [piece, before] = [new Uint8Array(PIECE_SIZE), new Uint8Array()];
  let head = new Uint8Array();
  for (let size = 0; ; size += PIECE_SIZE) {
    const length = fill(piece, fd);
    const read = piece.subarray(0, length);
    take(read);
    if (size === 0) head = read.slice(0, IMAGE_HEAD_SIZE);
    if (length < PIECE_SIZE) return { size: size + length, head, tail: concat(before, read) };
    [piece, before] = [before.length > 0 ? before : new Uint8Array(PIECE_SIZE), piece];
  }
}

/** Reads until the piece is full or the file ends; a pipe gives less at a time. */
function fill(piece: Uint8Array, fd: number): number {
  let length = 0;
  for (;;) {
    const read = readSync(fd, piece, length, piece.length - length, null);
    length += read;
    if (read === 0 || length === piece.length) return length;
  }
}
