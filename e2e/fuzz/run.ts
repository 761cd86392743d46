// Drives every target through worker threads, watches for runs that never come back, and tells what happened.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { badTargets } from './bad-targets.ts';
import type { Limits, Tally } from './campaign.ts';
import { type Order, type Outcome, SharedInput } from './order.ts';
import { allTargets } from './target.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** Inputs for each target, and how long one may take at most. */
  readonly runs: number;
  readonly seconds: number;
  /** Only targets whose name contains this. */
  readonly only: string;
  readonly workers: number;
  /** A single run that takes longer hangs. */
  readonly hangMs: number;
  /** Run the targets with known faults instead, and expect each to be found. */
  readonly selfTest: boolean;
  readonly workerUrl: URL;
  /** Where the inputs go that broke something. */
  readonly folder: string;
}

interface Report {
  readonly name: string;
  readonly tally?: Tally;
  readonly fault?: string;
  /** Where the input is kept that broke it. */
  readonly file?: string;
}

const MEMORY_GROWTH = 128 * 2 ** 20;
const MAX_HEAP_MB = 384;

/** @returns whether all is well */
export async function fuzz(options: FuzzOptions): Promise<boolean> {
  const targets = options.selfTest ? badTargets : await allTargets();
  const names = targets.map(({ name }) => name).filter((name) => name.includes(options.only));
  if (names.length === 0) throw new Error(`no target's name contains “${options.only}”`);
  console.log(`${names.length} targets, up to ${options.runs.toLocaleString('en')} inputs each, seed ${options.seed}`);
  const queue = [...names.entries()];
  const reports: Report[] = [];
  const work = async (): Promise<void> => {
    const lane = new Lane(options);
    for (let next = queue.shift(); next; next = queue.shift()) {
      const report = await lane.attack(next[1], options.seed + next[0]);
      reports.push(report);
      console.log(lineOf(report));
    }
    lane.close();
  };
  await Promise.all(Array.from({ length: options.workers }, work));
  return summarise(reports, options.selfTest);
}

/** A thread that takes one target after the other; a fresh one takes its place when a target broke it. */
class Lane {
  readonly #options: FuzzOptions;
  #worker: Worker | undefined;

  constructor(options: FuzzOptions) {
    this.#options = options;
  }

  async attack(name: string, seed: number): Promise<Report> {
    const { runs, seconds, selfTest, folder } = this.#options;
    const atHand = new SharedInput();
    const limits: Limits = { runs, ms: seconds * 1000, memoryGrowth: MEMORY_GROWTH };
    const outcome = await this.#ask({ target: name, seed, limits, shared: atHand.buffer, selfTest }, atHand);
    if ('tally' in outcome) return { name, ...outcome };
    this.close();
    return { name, ...outcome, file: keepInput(name, atHand.bytes, folder) };
  }

  close(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #ask(order: Order, atHand: SharedInput): Promise<Outcome> {
    const { hangMs, workerUrl } = this.#options;
    const worker = (this.#worker ??= new Worker(workerUrl, {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    }));
    return new Promise((resolve) => {
      const end = (outcome: Outcome): void => {
        clearInterval(watch);
        worker.off('message', end);
        worker.off('error', onDeath);
        // What a thread that is being ended still has to say is of no interest.
        if ('fault' in outcome) worker.on('error', () => undefined);
        resolve(outcome);
      };
      const onDeath = (error: Error): void => end({ fault: `the thread died: ${error.message}` });
      const onHang = (): void => end({ fault: `one run took more than ${hangMs} ms` });
      const watch = setInterval(watchdog(atHand, hangMs, onHang), 250);
      worker.on('message', end);
      worker.on('error', onDeath);
      worker.postMessage(order);
    });
  }
}

/** Calls back when the same input has been at work for too long. */
function watchdog(atHand: SharedInput, hangMs: number, onHang: () => void): () => void {
  let [seen, since] = [-1, Date.now()];
  return () => {
    const { index } = atHand;
    if (index !== seen) [seen, since] = [index, Date.now()];
    // The first input waits for its modules to load, on a machine that may be busy.
    else if (Date.now() - since > (index === 0 ? 10 * hangMs : hangMs)) onHang();
  };
}

function keepInput(name: string, bytes: Uint8Array, folder: string): string {
  const file = join(folder, `fuzz-${name.replaceAll(/[^\w-]+/g, '-')}.bin`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, bytes);
  return file;
}

function lineOf({ name, tally, fault, file }: Report): string {
  if (!tally)
    return `BROKEN   ${name}: ${fault}\n         the input is in ${file}; again with: npm run fuzz -- --only "${name}" --input ${file}`;
  const { inputs, read, ms, growth } = tally;
  const rate = Math.round((inputs / Math.max(ms, 1)) * 1000);
  return `good     ${name}: ${inputs.toLocaleString('en')} inputs, ${read.toLocaleString('en')} read, the rest refused; ${rate.toLocaleString('en')}/s, ${Math.round(ms / 1000).toLocaleString('en')} s, memory grew by ${Math.round(growth / 2 ** 20)} MiB at most`;
}

function summarise(reports: readonly Report[], selfTest: boolean): boolean {
  const broken = reports.filter(({ fault }) => fault !== undefined).length;
  const inputs = reports.reduce((sum, { tally }) => sum + (tally?.inputs ?? 0), 0);
  console.log(`${inputs.toLocaleString('en')} inputs; ${broken} of ${reports.length} targets broke`);
  return selfTest ? broken === reports.length : broken === 0;
}
