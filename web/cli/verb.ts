// What every verb shares: help, --json, and failures in the words of the error table.
import { randomUUID } from 'node:crypto';
import type { Finding } from '../../shared/findings/finding.ts';
import { SevError } from '../../shared/errors.ts';
import { visibleLine } from '../../shared/text/visible.ts';
import { type ExitCode, exitCodeOf } from './exit-code.ts';
import { type Given, type OptionTable, readOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

/** What a verb has to say: as JSON for scripts, as text for people. */
export interface Result {
  readonly exitCode: ExitCode;
  readonly json: object;
  readonly text: string;
  /** The answer in one line. It ends what people read: whatever a file could write above it, this line is ours. */
  readonly verdict?: string;
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
      const { exitCode, json, text, verdict } = await act(given, terminal);
      terminal.out(asksJson ? toJson(json) : withVerdict(text, verdict));
      return exitCode === 0 && refuses(json) ? 1 : exitCode;
    } catch (error) {
      return explain(error, asksJson, terminal);
    }
  };
}

/** What is refused among its findings never ends with 0, whatever a verb says. */
const refuses = (json: object): boolean =>
  'findings' in json && Array.isArray(json.findings)
    ? (json.findings as readonly Partial<Finding>[]).some(({ severity }) => severity === 'refused')
    : false;

/** The verdict as the last line, unless the text is nothing else. */
export const withVerdict = (text: string, verdict: string | undefined): string =>
  verdict === undefined || text.trimEnd() === verdict ? text : `${text.trimEnd()}\n\n${verdict}\n`;

/** JSON. Registers are numbers of up to 64 bits, and are written as such, with all their digits, as sevctl writes them. */
function toJson(value: object): string {
  // Drawn, so that no text of a file can be taken for such a number.
  const mark = `bigint-${randomUUID()}-`;
  const text = JSON.stringify(
    value,
    (_, member: unknown) => (typeof member === 'bigint' ? `${mark}${member}` : member),
    2,
  );
  return `${text.replaceAll(new RegExp(`"${mark}(\\d+)"`, 'g'), '$1')}\n`;
}

/** Says what went wrong: on stderr for people; with --json on stdout, where the script looks for its answer. */
export function explain(error: unknown, asJson: boolean, terminal: Terminal): ExitCode {
  if (!(error instanceof SevError)) return explainBug(error, terminal);
  const exitCode = exitCodeOf(error);
  if (asJson) terminal.out(toJson({ status: exitCode === 1 ? 'refused' : 'failed', error }));
  else terminal.err(`${errorText(error)}\n${FAILURES[exitCode]}\n`);
  return exitCode;
}

/** How a failure ends on the terminal. */
const FAILURES: Readonly<Record<ExitCode, string>> = {
  0: '',
  1: 'REFUSED (exit code 1).',
  2: 'Nothing was done or verified (exit code 2).',
  3: '',
};

/** A failure that nobody foresaw must look like neither a verdict nor a success. */
export function explainBug(error: unknown, terminal: Terminal): ExitCode {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.err(`sev-verifier failed in a way that it did not expect. Nothing was verified.\n${trace}\n`);
  return 2;
}

/** An error in two lines; what a file or host said in it stays on its line. */
export function errorText({ code, at, sentence, next }: SevError): string {
  const place = at ? ` (${visibleLine(at)})` : '';
  return `${code}${place}: ${visibleLine(sentence)}\nNext: ${visibleLine(next)}`;
}
