// Runs a command line in this process and collects what it says.
import { runCommand } from '../cli.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function run(...args: readonly string[]): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await runCommand(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    isLive: false,
  });
  return { code, out, err };
}

/** Runs with --json and reads the answer. */
export async function runJson<T = Record<string, unknown>>(...args: readonly string[]): Promise<Ran & { json: T }> {
  const ran = await run(...args, '--json');
  return { ...ran, json: JSON.parse(ran.out) as T };
}
