// What goes between the page and its workers. Only values that can be cloned.
import type { Sha256Midstate } from '../../shared/crypto/sha256-stream.ts';
import type { ErrorCode } from '../../shared/errors.ts';

/** What a worker says while it works, and at last. */
export type Reply<A> =
  | { readonly progress: number }
  | { readonly answer: A }
  | { readonly refusal: { code: ErrorCode; at: string; sentence: string; next: string } };

/** A file that was read once: its hash, and what SHA-256 remembers of it, from which a launch digest goes on. */
export interface HashedImage {
  readonly size: number;
  /** SHA-256 of the whole file, hex. */
  readonly sha256: string;
  readonly midstate: Sha256Midstate;
}

/** A picture in which QR codes are to be found. */
export interface ScanRequest {
  readonly picture: ImageBitmap;
  /** A file may take its time; a camera's next frame is coming. */
  readonly thorough: boolean;
}

export interface ScanAnswer {
  /** What the codes say, if there are any. */
  readonly texts: readonly string[];
  readonly decoder: 'wasm' | 'plain';
}
