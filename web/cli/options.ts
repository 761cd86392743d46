// Options of a verb: a table in, typed values out. Numbers are decimal or 0x….
import { parseArgs } from 'node:util';
import { parseNumber } from '../../shared/bytes/number.ts';
import { usage } from './usage.ts';

export interface OptionSpec {
  readonly kind: 'flag' | 'text' | 'list' | 'number';
  readonly short?: string;
  /** The largest number that is taken; 0xffffffff unless said. */
  readonly max?: number;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type Value<S extends OptionSpec> = S['kind'] extends 'flag'
  ? boolean
  : S['kind'] extends 'list'
    ? readonly string[]
    : S['kind'] extends 'number'
      ? number | undefined
      : string | undefined;

/** What was given on the command line: the options by name, and what stood free. */
export interface Given<T extends OptionTable> {
  readonly options: { readonly [K in keyof T]: Value<T[K]> };
  readonly free: readonly string[];
}

/** @throws SevError RELAY_USAGE for anything that the table does not allow, BYTES_VALUE for what is no such number */
export function readOptions<T extends OptionTable>(args: readonly string[], table: T): Given<T> {
  const { values, positionals } = parse(args, table);
  const options = Object.fromEntries(
    Object.entries(table).map(([name, spec]) => [name, valueOf(spec, values[name], `--${name}`)]),
  );
  return { options: options as Given<T>['options'], free: positionals };
}

type RawValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

function parse(args: readonly string[], table: OptionTable): { values: RawValues; positionals: string[] } {
  const config = Object.fromEntries(
    Object.entries(table).map(([name, { kind, short }]) => [
      name,
      {
        type: kind === 'flag' ? ('boolean' as const) : ('string' as const),
        // Every option is read as if it could be repeated, so that a second one is refused instead of winning.
        multiple: true,
        ...(short !== undefined && { short }),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options: config, strict: true, allowPositionals: true });
  } catch (cause) {
    throw usage('', cause instanceof Error ? firstSentence(cause.message) : '');
  }
}

/** Node's own words go on with advice that is not ours. */
function firstSentence(text: string): string {
  const [line = ''] = text.split('\n', 1);
  const [sentence = ''] = line.split('. ', 1);
  return `${sentence.trimEnd().replace(/\.$/, '')}.`;
}

function valueOf(spec: OptionSpec, raw: RawValues[string], at: string): unknown {
  const all = (raw ?? []) as (string | boolean)[];
  if (spec.kind === 'list') return all;
  if (spec.kind === 'flag') return all.length > 0;
  if (all.length > 1) throw usage(at, 'It was given more than once.');
  const [text] = all as string[];
  if (text === undefined || spec.kind === 'text') return text;
  return parseNumber(text, spec.max ?? 0xffff_ffff, at);
}

/** @throws SevError RELAY_USAGE when an option that the verb cannot do without is missing */
export function required<V>(value: V | undefined, at: string): V {
  if (value !== undefined) return value;
  throw usage(at, `${at} is missing.`);
}

/** The values that stood free, when there are exactly as many as they have names. */
export function freeValues(free: readonly string[], ...names: readonly string[]): string[] {
  if (free.length === names.length) return [...free];
  const surplus = free[names.length];
  if (surplus !== undefined) throw usage('', `“${surplus}” is one too many.`);
  throw usage(
    '',
    `${names.slice(free.length).join(' and ')} ${names.length - free.length > 1 ? 'are' : 'is'} missing.`,
  );
}
