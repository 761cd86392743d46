// What a fuzz target is, and what several of them need.
import { equalBytes } from '../bytes/equal.ts';

export interface FuzzTarget {
  readonly name: string;
  /** Inputs that are read whole, for a fuzzer to begin with; random bytes where there are none. */
  readonly seeds?: readonly Uint8Array[];
  /** Throws (or rejects with) a SevError when the bytes are refused, and anything else when they broke a promise. */
  readonly run: (bytes: Uint8Array) => unknown;
}

/** A target that knows what is read whole. */
export type SeededTarget = FuzzTarget & Required<Pick<FuzzTarget, 'seeds'>>;

/** What was read must be written back as it was. */
export function requireSame(written: Uint8Array, bytes: Uint8Array): void {
  if (!equalBytes(written, bytes)) throw new Error('what was read is written differently');
}

/** Bytes as text without judging them: any byte becomes one character. */
export const latin = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
