// Command lines as tables: one table both reads the flags and writes their help.
import { parseArgs } from 'node:util';
import { SevError } from '../../shared/errors.ts';

export interface Flag {
  /** What stands for the value in the help; a flag without one is on or off. */
  readonly value?: string;
  /** The value may be left out, and is then empty: `--simulate`, `--simulate=qemu`. */
  readonly bare?: true;
  /** The flag may be given several times. */
  readonly many?: true;
  readonly help: string;
}
export type Flags = Readonly<Record<string, Flag>>;

type ValueOf<F extends Flag> = F extends { many: true }
  ? readonly string[]
  : F extends { value: string }
    ? string | undefined
    : boolean;
export type Values<F extends Flags> = { readonly [K in keyof F]: ValueOf<F[K]> };

export interface Command<F extends Flags> {
  /** The line after “Usage: ”. */
  readonly usage: string;
  readonly summary: string;
  readonly flags: F;
  /** How many words may stand beside the flags; none when left out. */
  readonly words?: readonly [min: number, max: number];
}

export interface CommandLine<F extends Flags> {
  readonly values: Values<F>;
  readonly words: readonly string[];
}

export const HELP_FLAG = { help: 'print this help' } as const;

export const usageError = (because: string, at = ''): SevError => new SevError('RELAY_USAGE', { at, because });

/** @throws SevError RELAY_USAGE, in words about the flag */
export function readCommandLine<F extends Flags>(args: readonly string[], command: Command<F>): CommandLine<F> {
  const { values, positionals } = parse(withEmptyValues(args, command.flags), command.flags);
  const [min, max] = command.words ?? [0, 0];
  if (values['help'] !== true) {
    if (positionals.length > max) throw usageError(`“${short(positionals[max]!)}” is more than is understood here.`);
    if (positionals.length < min) throw usageError(`Something is missing: ${command.usage}.`);
  }
  const filled = Object.entries(command.flags).map(([name, flag]) => [name, values[name] ?? unset(flag)]);
  return { values: Object.fromEntries(filled) as Values<F>, words: positionals };
}

const unset = (flag: Flag): boolean | undefined | string[] => (flag.many ? [] : flag.value ? undefined : false);

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** Gives a bare flag its empty value, which parseArgs would otherwise take from the next word. */
const withEmptyValues = (args: readonly string[], flags: Flags): string[] =>
  args.map((arg) => (arg.startsWith('--') && flags[arg.slice(2)]?.bare ? `${arg}=` : arg));

type RawValue = string | boolean | (string | boolean)[] | undefined;

function parse(args: string[], flags: Flags): { values: Record<string, RawValue>; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value, many }]) => [
      name,
      {
        type: value ? ('string' as const) : ('boolean' as const),
        multiple: many ?? false,
        ...(name === 'help' && { short: 'h' }),
      },
    ]),
  );
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.split('\n', 1)[0]!.split('. ', 1)[0]! : '';
    throw new SevError('RELAY_USAGE', { because: `${said}.`, cause });
  }
}

/** The help of one command: usage, summary, and a line or more for each flag. */
export function helpOf(command: Command<Flags>): string {
  const rows = Object.entries(command.flags).map(([name, flag]) => [flagForm(name, flag), flag.help] as const);
  const width = Math.max(...rows.map(([form]) => form.length));
  const lines = rows.map(([form, help]) => `  ${form.padEnd(width)}  ${help}`);
  return [`Usage: ${command.usage}`, '', command.summary, '', ...lines, ''].join('\n');
}

function flagForm(name: string, { value, bare, many }: Flag): string {
  if (value === undefined) return `--${name}`;
  return `--${name}${bare ? `[=${value}]` : ` ${value}`}${many ? ' …' : ''}`;
}
