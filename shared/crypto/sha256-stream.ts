// SHA-256 in pieces, with a state that can be kept: a firmware image is read once, and every later launch digest
// starts from where it ended.
import {
  BLOCK_SIZE,
  compress,
  DIGEST_SIZE,
  expandBlock,
  initialState,
  readState,
  SCHEDULE_WORDS,
  writeState,
} from './sha256-block.ts';

/** What SHA-256 remembers of the bytes that it has seen. Plain data: it can be stored, cloned and sent to workers. */
export interface Sha256Midstate {
  /** The eight words after the last whole block, 32 bytes, big-endian. */
  readonly state: Uint8Array;
  /** How many bytes went in. */
  readonly length: number;
  /** The last `length % 64` bytes, which wait for their block to fill. */
  readonly tail: Uint8Array;
}

/** A SHA-256 under way. */
export class Sha256Stream {
  #state = initialState();
  #schedule = new Int32Array(SCHEDULE_WORDS);
  #buffer = new Uint8Array(BLOCK_SIZE);
  #length = 0;

  /** Goes on from a kept state, which itself stays as it is. */
  static from(midstate: Sha256Midstate): Sha256Stream {
    const stream = new Sha256Stream();
    stream.#state = readState(midstate.state);
    stream.#buffer.set(midstate.tail);
    stream.#length = midstate.length;
    return stream;
  }

  get length(): number {
    return this.#length;
  }

  update(bytes: Uint8Array): this {
    let offset = this.#fill(bytes);
    for (; offset + BLOCK_SIZE <= bytes.length; offset += BLOCK_SIZE) this.#mix(bytes, offset);
    if (offset < bytes.length) this.#buffer.set(bytes.subarray(offset));
    this.#length += bytes.length;
    return this;
  }

  midstate(): Sha256Midstate {
    const state = new Uint8Array(DIGEST_SIZE);
    writeState(this.#state, state);
    return { state, length: this.#length, tail: this.#buffer.slice(0, this.#length % BLOCK_SIZE) };
  }

  /** The digest of all bytes so far, 32 bytes; more may follow afterwards. */
  digest(): Uint8Array {
    const end = Sha256Stream.from(this.midstate());
    end.update(padding(this.#length));
    const digest = new Uint8Array(DIGEST_SIZE);
    writeState(end.#state, digest);
    return digest;
  }

  /** Completes the waiting block, if there is one; answers how many bytes that took. */
  #fill(bytes: Uint8Array): number {
    const held = this.#length % BLOCK_SIZE;
    if (held === 0) return 0;
    const taken = Math.min(BLOCK_SIZE - held, bytes.length);
    this.#buffer.set(bytes.subarray(0, taken), held);
    if (held + taken === BLOCK_SIZE) this.#mix(this.#buffer, 0);
    return taken;
  }

  #mix(bytes: Uint8Array, offset: number): void {
    expandBlock(this.#schedule, 0, bytes, offset);
    compress(this.#state, this.#schedule, 0);
  }
}

/** What SHA-256 puts behind a message: a one bit, zeros, and the length in bits, 64 bits big-endian. */
function padding(length: number): Uint8Array {
  const zeros = (BLOCK_SIZE + 55 - (length % BLOCK_SIZE)) % BLOCK_SIZE;
  const bytes = new Uint8Array(1 + zeros + 8);
  bytes[0] = 0x80;
  new DataView(bytes.buffer).setBigUint64(1 + zeros, BigInt(length) * 8n);
  return bytes;
}

/** SHA-256 of the joined parts, at once and without a promise. */
export function sha256Sync(...parts: readonly Uint8Array[]): Uint8Array {
  const stream = new Sha256Stream();
  for (const part of parts) stream.update(part);
  return stream.digest();
}
