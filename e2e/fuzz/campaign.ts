// One target under fire: makes inputs, runs them one by one, and says what it saw.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SevError } from '../../shared/errors.ts';
import { Dice } from '../../shared/testing/dice.ts';
import { Corpus } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

export interface Tally {
  readonly inputs: number;
  /** Inputs that were read without a refusal. */
  readonly read: number;
  readonly ms: number;
  /** How far heap and array buffers had grown at most when they were looked at, garbage included, in bytes. */
  readonly growth: number;
}

/** Sees every input before it is run, so that it is known when the run never comes back. */
export type Witness = (index: number, bytes: Uint8Array) => void;

export interface Limits {
  readonly runs: number;
  /** Ends the campaign early, after this many milliseconds. */
  readonly ms: number;
  /** Heap and array buffers may grow by this many bytes. */
  readonly memoryGrowth: number;
}

const LOOK_AT_MEMORY_EVERY = 4096;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** @throws Error with the input's index when a target broke its promise */
export async function runCampaign(
  target: FuzzTarget,
  seed: number,
  limits: Limits,
  witness: Witness = () => undefined,
): Promise<Tally> {
  const corpus = new Corpus(target.seeds ?? []);
  const dice = new Dice(seed);
  const [started, memory] = [performance.now(), memoryInUse()];
  let [read, growth] = [0, 0];
  for (let index = 0; index < limits.runs; index++) {
    if (index % 256 === 0 && performance.now() - started > limits.ms) return tally(index, read, growth, started);
    const bytes = corpus.next(dice);
    witness(index, bytes);
    if (await runOne(target, bytes)) {
      read++;
      corpus.keep(bytes, dice);
    }
    if (index % LOOK_AT_MEMORY_EVERY !== LOOK_AT_MEMORY_EVERY - 1) continue;
    growth = Math.max(growth, memoryInUse() - memory);
    requireMemory(memory + limits.memoryGrowth);
  }
  return tally(limits.runs, read, growth, started);
}

const tally = (inputs: number, read: number, growth: number, started: number): Tally => ({
  inputs,
  read,
  growth,
  ms: performance.now() - started,
});

/** @returns whether the input was read; a refusal with one of our errors is an answer too */
export async function runOne({ run }: FuzzTarget, bytes: Uint8Array): Promise<boolean> {
  const before = bytes.slice();
  try {
    const pending = run(bytes);
    if (pending instanceof Promise) await pending;
    return true;
  } catch (error) {
    if (error instanceof SevError) return false;
    throw error;
  } finally {
    requireUntouched(before, bytes);
  }
}

function requireUntouched(before: Uint8Array, after: Uint8Array): void {
  for (let i = 0; i < before.length; i++) if (before[i] !== after[i]) throw new Error('the input was written to');
}

function memoryInUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Garbage that was not yet collected does not count; what stays after collecting does. */
function requireMemory(most: number): void {
  if (memoryInUse() <= most) return;
  collectGarbage();
  if (memoryInUse() > most) throw new Error(`the memory grew beyond ${Math.round(most / 2 ** 20)} MiB`);
}
