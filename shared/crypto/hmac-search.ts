// Searching for the message of a known MAC: many short messages under one key, without a promise for each.
import { verifyMac } from './mac.ts';
import {
  BLOCK_SIZE,
  compress,
  expandBlock,
  expandWords,
  initialState,
  readState,
  SCHEDULE_WORDS,
} from './sha256-block.ts';
import type { CryptoKey } from './subtle.ts';

/** Words of the longest message: 56 bytes, after the key's block exactly too long for one more block with its padding. */
export const MESSAGE_WORDS = 14;

/**
 * Messages of 52 or 56 bytes that wait to be tried, as big-endian words in rows of 14.
 * A batch is filled, searched and filled again; it is never sent anywhere.
 */
export interface MessageBatch {
  readonly words: Int32Array;
  /** 13 or 14 words for each row. */
  readonly lengths: Uint8Array;
  count: number;
  /** The MAC that is looked for: eight words. */
  readonly wanted: Int32Array;
}

/** Something that knows a MAC key and answers whether a message's MAC is the wanted one; it never gives MACs away. */
export interface HmacOracle {
  /** The row whose MAC is the wanted one, or -1. */
  find(batch: MessageBatch): number | Promise<number>;
}

export const newBatch = (capacity: number, wanted: Uint8Array): MessageBatch => ({
  words: new Int32Array(capacity * MESSAGE_WORDS),
  lengths: new Uint8Array(capacity),
  count: 0,
  wanted: readState(wanted),
});

/**
 * An oracle on raw key bytes: hundreds of thousands of messages a second, in plain JavaScript. Keeps what HMAC makes
 * of the key, which is as secret as the key: for the vault's own worker and the command line only.
 */
export function rawKeyOracle(key: Uint8Array): HmacOracle {
  const inner = keyedState(key, 0x36);
  const outer = keyedState(key, 0x5c);
  const message = new Int32Array(SCHEDULE_WORDS);
  const result = new Int32Array(SCHEDULE_WORDS);
  const state = new Int32Array(8);
  const lengthBlock = longMessageEnd();

  const macOf = (words: Int32Array, from: number, length: number): void => {
    message.fill(0, 0, 16);
    for (let i = 0; i < length; i++) message[i] = words[from + i]!;
    message[length] = 0x80000000 | 0;
    if (length < MESSAGE_WORDS) message[15] = (BLOCK_SIZE + 4 * length) * 8;
    expandWords(message, 0);
    state.set(inner);
    compress(state, message, 0);
    if (length === MESSAGE_WORDS) compress(state, lengthBlock, 0);
    result.set(state);
    result[8] = 0x80000000 | 0;
    result.fill(0, 9, 15);
    result[15] = (BLOCK_SIZE + 32) * 8;
    expandWords(result, 0);
    state.set(outer);
    compress(state, result, 0);
  };

  return {
    find({ words, lengths, count, wanted }) {
      for (let row = 0; row < count; row++) {
        macOf(words, row * MESSAGE_WORDS, lengths[row]!);
        if (state[0] === wanted[0] && state.every((word, i) => word === wanted[i])) return row;
      }
      return -1;
    },
  };
}

/** An oracle on a key that cannot be read: WebCrypto checks each message, tens of thousands a second. */
export const cryptoKeyOracle = (key: CryptoKey): HmacOracle => ({
  async find({ words, lengths, count, wanted }) {
    const mac = bigEndian(wanted, 0, 8);
    const rows = Array.from({ length: count }, (_, row) => row);
    const checks = rows.map((row) => verifyMac(key, bigEndian(words, row * MESSAGE_WORDS, lengths[row]!), mac));
    return (await Promise.all(checks)).indexOf(true);
  },
});

/** The state after the key's block; the key has at most 64 bytes. */
function keyedState(key: Uint8Array, pad: number): Int32Array {
  const block = new Uint8Array(BLOCK_SIZE).fill(pad);
  for (let i = 0; i < key.length; i++) block[i]! ^= key[i]!;
  const schedule = new Int32Array(SCHEDULE_WORDS);
  expandBlock(schedule, 0, block, 0);
  const state = initialState();
  compress(state, schedule, 0);
  block.fill(0);
  schedule.fill(0);
  return state;
}

/** The block behind a message of 56 bytes: nothing but the length, and so the same for all. */
function longMessageEnd(): Int32Array {
  const schedule = new Int32Array(SCHEDULE_WORDS);
  schedule[15] = (BLOCK_SIZE + 56) * 8;
  expandWords(schedule, 0);
  return schedule;
}

function bigEndian(words: Int32Array, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(4 * length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < length; i++) view.setInt32(4 * i, words[from + i]!);
  return bytes;
}
