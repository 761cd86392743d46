// What goes between the page and its workers. Only values that can be cloned.
import type { Sha256Midstate } from '../../shared/crypto/sha256-stream.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { GuestImage } from '../../shared/formats/guest-image.ts';

/** What a worker says while it works, and at last. */
export type Reply<A> =
  | { readonly progress: number }
  | { readonly answer: A }
  | { readonly refusal: { code: ErrorCode; at: string; sentence: string; next: string } };

/** A file that was read once: its hash, and what SHA-256 remembers of it, from which a launch digest goes on. */
export interface HashedImage extends HashedFile {
  readonly midstate: Sha256Midstate;
  /** What an OVMF image says of itself; missing for what is none. */
  readonly guestImage?: GuestImage;
}

/** `image` keeps SHA-256's state and reads what the image says of itself; `plain` only hashes, and is quicker. */
export interface HashRequest {
  readonly file: File;
  readonly as: 'image' | 'plain';
}

export interface HashedFile {
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}
