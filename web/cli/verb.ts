// What every verb shares: help, --json, and failures in the words of the error table.
import { SevError } from '../../shared/errors.ts';
import { type ExitCode, exitCodeOf } from './exit-code.ts';
import { type Given, type OptionTable, readOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

/** What a verb has to say: as JSON for scripts, as text for people. */
export interface Result {
  readonly exitCode: ExitCode;
  readonly json: object;
  readonly text: string;
}

export type Run = (args: readonly string[], terminal: Terminal) => Promise<number>;

interface Definition<T extends OptionTable> {
  readonly help: string;
  readonly options: T;
  readonly act: (given: Given<T>, terminal: Terminal) => Promise<Result>;
}

const COMMON = { json: { kind: 'flag' }, help: { kind: 'flag', short: 'h' } } as const satisfies OptionTable;

/** Makes the `run` of a verb from its help, its options and what it does. */
export function verb<T extends OptionTable>({ help, options, act }: Definition<T>): Run {
  return async (args, terminal) => {
    const asksJson = args.includes('--json');
    try {
      const given = readOptions(args, { ...options, ...COMMON });
      if (given.options.help) {
        terminal.out(help);
        return 0;
      }
      const { exitCode, json, text } = await act(given, terminal);
      terminal.out(asksJson ? toJson(json) : text);
      return exitCode;
    } catch (error) {
      return explain(error, asksJson, terminal);
    }
  };
}

/** Registers may be wider than a JSON number holds exactly; those that are become text. */
const plainNumber = (_name: string, value: unknown): unknown =>
  typeof value !== 'bigint' ? value : value <= Number.MAX_SAFE_INTEGER ? Number(value) : `0x${value.toString(16)}`;

const toJson = (value: object): string => `${JSON.stringify(value, plainNumber, 2)}\n`;

/** Says what went wrong: on stderr for people; with --json on stdout, where the script looks for its answer. */
export function explain(error: unknown, asJson: boolean, terminal: Terminal): ExitCode {
  if (!(error instanceof SevError)) return explainBug(error, terminal);
  const exitCode = exitCodeOf(error);
  if (asJson) terminal.out(toJson({ status: exitCode === 1 ? 'refused' : 'failed', error }));
  else terminal.err(`${errorText(error)}\n`);
  return exitCode;
}

/** A failure that nobody foresaw must look like neither a verdict nor a success. */
export function explainBug(error: unknown, terminal: Terminal): ExitCode {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.err(`sev-verifier failed in a way that it did not expect. Nothing was verified.\n${trace}\n`);
  return 2;
}

export function errorText({ code, at, sentence, next }: SevError): string {
  const place = at ? ` (${at})` : '';
  return `${code}${place}: ${sentence}\nNext: ${next}`;
}
