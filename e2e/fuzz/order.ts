// What the main thread and its workers say to each other.
import type { Limits, Tally } from './campaign.ts';

export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly limits: Limits;
  readonly shared: SharedArrayBuffer;
  readonly selfTest: boolean;
}

export type Outcome = { readonly tally: Tally } | { readonly fault: string };

const HEADER = 8;
const MAX_INPUT = 65_536;

/** The input at hand, in memory that outlives a thread that crashed or hangs: its index, its length, its bytes. */
export class SharedInput {
  readonly buffer: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(HEADER + MAX_INPUT)) {
    this.buffer = buffer;
    this.#header = new Int32Array(buffer, 0, 2);
    this.#bytes = new Uint8Array(buffer, HEADER);
  }

  get index(): number {
    return Atomics.load(this.#header, 0);
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice(0, Atomics.load(this.#header, 1));
  }

  put(index: number, bytes: Uint8Array): void {
    const length = Math.min(bytes.length, MAX_INPUT);
    this.#bytes.set(bytes.subarray(0, length));
    Atomics.store(this.#header, 1, length);
    Atomics.store(this.#header, 0, index);
  }
}
