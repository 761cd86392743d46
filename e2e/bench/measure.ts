// Taking times: repeated, and the middle one counts, because the machine does other things too.
import { spawn } from 'node:child_process';

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** How long one call takes, in milliseconds: the middle of so many, after one that does not count. */
export async function time(times: number, call: () => unknown): Promise<number> {
  await call();
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const started = performance.now();
    await call();
    taken.push(performance.now() - started);
  }
  return median(taken);
}

/** Several things in turns, so that whatever else the machine does falls on all of them alike. */
export async function timeInTurns(times: number, ...calls: readonly (() => unknown)[]): Promise<readonly number[]> {
  const taken = calls.map((): number[] => []);
  for (let turn = -1; turn < times; turn++) {
    for (const [i, call] of calls.entries()) {
      const started = performance.now();
      await call();
      if (turn >= 0) taken[i]!.push(performance.now() - started);
    }
  }
  return taken.map(median);
}

export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end. */
export const command = (program: string, args: readonly string[]): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, out, err }));
  });

/** The same, where another end than the expected one makes the figure worthless. */
export async function commandEnding(code: number, program: string, ...args: readonly string[]): Promise<Finished> {
  const finished = await command(program, args);
  if (finished.code === code) return finished;
  throw new Error(`${program} ended with ${finished.code} instead of ${code}: ${finished.err || finished.out}`);
}
