import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../shared/bytes/equal.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { piecesOf } from './file-pieces.ts';

const PIECE = 4 * 1024 * 1024;
/** No two pieces of it are alike. */
const bytesOfLength = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31) ^ (i >>> 9));

/** As a browser that cannot read a file into a buffer of one's own. */
class PlainBlob extends Blob {
  override stream(): ReturnType<Blob['stream']> {
    throw new TypeError('no byte streams here');
  }
}

describe.each([
  ['into two buffers', (bytes: Uint8Array) => new Blob([bytes as BlobPart])],
  ['by slices', (bytes: Uint8Array) => new PlainBlob([bytes as BlobPart])],
])('A file that is read %s', (_, blobOf) => {
  it.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])(
    'of %i bytes comes whole and in order',
    async (length) => {
      const bytes = bytesOfLength(length);
      const pieces: Uint8Array[] = [];
      // Each is copied, since its memory is used again.
      for await (const piece of piecesOf(blobOf(bytes))) pieces.push(piece.slice());
      expect(pieces.every((piece) => piece.length > 0)).toBe(true);
      expect(equalBytes(concat(...pieces), bytes)).toBe(true);
    },
  );
});
