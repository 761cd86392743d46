// What goes between the page and its workers. Only values that can be cloned.
import type { ErrorCode } from '../../shared/errors.ts';

/** What a worker says while it works, and at last. */
export type Reply<A> =
  | { readonly progress: number }
  | { readonly answer: A }
  | { readonly refusal: { code: ErrorCode; at: string; sentence: string; next: string } };
