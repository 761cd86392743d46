// A guest image known by its hash: the file itself is not kept, only what a measurement needs of it.
import type { HashedImage } from '../workers/messages.ts';

export interface ImageRecord extends HashedImage {
  /** SHA-256 of the whole file, hex. */
  readonly id: string;
  readonly name: string;
  readonly addedAt: number;
}
