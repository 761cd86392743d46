// Launch digests for 1, 2, 3 … vCPUs in one pass: each further CPU adds the same page, whose blocks are expanded once.
import { concat } from '../../../bytes/writer.ts';
import {
  BLOCK_SIZE,
  compress,
  expandBlock,
  readState,
  SCHEDULE_WORDS,
  writeState,
} from '../../../crypto/sha256-block.ts';
import { type Sha256Midstate, Sha256Stream } from '../../../crypto/sha256-stream.ts';
import { VMSA_SIZE } from '../../../guest/vmsa.ts';

const BLOCKS = VMSA_SIZE / BLOCK_SIZE;

/**
 * @param start the state behind guest image and kernel hashes
 * @param others undefined ends the run after the boot CPU
 * @returns the digest of each count in turn, as eight words
 */
export function* pageRun(
  start: Sha256Midstate,
  boot: Uint8Array,
  others: Uint8Array | undefined,
  most: number,
): Generator<{ readonly vcpus: number; readonly digest: Int32Array }> {
  const state = readState(start.state);
  const held = start.tail.length;
  let { length } = start;
  const absorb = (schedules: Int32Array) => {
    for (let block = 0; block < BLOCKS; block++) compress(state, schedules, block * SCHEDULE_WORDS);
    length += VMSA_SIZE;
  };
  const digest = (page: Uint8Array): Int32Array => {
    const words = new Uint8Array(32);
    writeState(state, words);
    const tail = page.subarray(VMSA_SIZE - held);
    return readState(Sha256Stream.from({ state: words, length, tail }).digest());
  };

  absorb(schedulesOf(start.tail, boot));
  yield { vcpus: 1, digest: digest(boot) };
  if (!others) return;
  // The blocks do not begin where the pages do: the first of a page holds the end of the page before.
  const first = schedulesOf(boot.subarray(VMSA_SIZE - held), others);
  const further = schedulesOf(others.subarray(VMSA_SIZE - held), others);
  for (let vcpus = 2; vcpus <= most; vcpus++) {
    absorb(vcpus === 2 ? first : further);
    yield { vcpus, digest: digest(others) };
  }
}

/** The expanded blocks of a page that follows `held` bytes; its own last bytes wait for the next page. */
function schedulesOf(held: Uint8Array, page: Uint8Array): Int32Array {
  const bytes = concat(held, page);
  const schedules = new Int32Array(BLOCKS * SCHEDULE_WORDS);
  for (let block = 0; block < BLOCKS; block++)
    expandBlock(schedules, block * SCHEDULE_WORDS, bytes, block * BLOCK_SIZE);
  return schedules;
}
