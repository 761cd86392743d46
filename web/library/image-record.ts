// A guest image known by its hash: the file itself is not kept, only what a measurement needs of it.
import type { HashedImage } from '../workers/messages.ts';

export interface ImageRecord extends HashedImage {
  /** The same as `sha256`. */
  readonly id: string;
  readonly name: string;
  readonly addedAt: number;
}
