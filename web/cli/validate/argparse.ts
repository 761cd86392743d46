// Reads a command line as Python's argparse does, because scripts rely on it: long options may be shortened to any
// unambiguous beginning, short ones may carry their value at once or be joined, and a second value replaces the first.

export interface ArgparseOption {
  /** Without its dashes: `api-major`. */
  readonly name: string;
  readonly short?: string;
  /** `help` ends the reading at once, whatever follows. */
  readonly kind: 'help' | 'flag' | 'text' | 'list' | 'integer';
}

type Value = true | string | readonly string[] | bigint;
export type ArgparseValues = ReadonlyMap<string, Value>;

/** What argparse ends the program for, with exit code 2. */
export class ArgparseError extends Error {}

/** @throws ArgparseError */
export function argparse(args: readonly string[], options: readonly ArgparseOption[]): ArgparseValues {
  const values = new Map<string, Value>();
  const strangers: string[] = [];
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    const found = findOption(arg, options);
    if (!found) {
      strangers.push(arg);
      continue;
    }
    const { option, attached } = found;
    if (option.kind === 'help') return new Map([[option.name, true]]);
    if (option.kind === 'flag') {
      values.set(option.name, true);
      if (attached !== undefined) queue.unshift(nextJoinedFlag(found, attached));
    } else {
      values.set(option.name, convert(option, attached ?? takeValue(option, queue, options), values.get(option.name)));
    }
  }
  if (strangers.length > 0) throw new ArgparseError(`unrecognized arguments: ${strangers.join(' ')}`);
  return values;
}

interface Found {
  readonly option: ArgparseOption;
  /** A value that came in the same argument. */
  readonly attached?: string;
  readonly isLong: boolean;
}

/** The option that an argument names; undefined for anything else. */
function findOption(arg: string, options: readonly ArgparseOption[]): Found | undefined {
  if (!arg.startsWith('-') || arg === '-' || arg === '--') return undefined;
  const [head = '', ...rest] = arg.split('=');
  const value = rest.length > 0 ? { attached: rest.join('=') } : {};
  const exact = options.find(({ name, short }) => head === `--${name}` || head === `-${short}`);
  if (exact) return { option: exact, isLong: head.startsWith('--'), ...value };
  if (head.startsWith('--')) return findShortened(head, value, options);
  const option = options.find(({ short }) => short === arg[1]);
  return option && { option, isLong: false, attached: arg.slice(2) };
}

function findShortened(
  head: string,
  value: { readonly attached?: string },
  options: readonly ArgparseOption[],
): Found | undefined {
  const matches = options.filter(({ name }) => `--${name}`.startsWith(head));
  if (matches.length > 1) {
    const names = matches.map(({ name }) => `--${name}`).join(', ');
    throw new ArgparseError(`ambiguous option: ${head} could match ${names}`);
  }
  const [option] = matches;
  return option && { option, isLong: true, ...value };
}

/** `-dq` is `-d -q`; otherwise a flag takes no value. */
function nextJoinedFlag({ option, isLong }: Found, attached: string): string {
  if (isLong || attached === '') throw new ArgparseError(`argument ${label(option)}: it takes no value`);
  return `-${attached}`;
}

function takeValue(option: ArgparseOption, queue: string[], options: readonly ArgparseOption[]): string {
  const [next] = queue;
  if (next === undefined || looksLikeOption(next, options)) {
    throw new ArgparseError(`argument ${label(option)}: expected one argument`);
  }
  queue.shift();
  return next;
}

/** A dash makes an option, but for a lone one, and for an unknown one with a space in it. */
const looksLikeOption = (arg: string, options: readonly ArgparseOption[]): boolean =>
  arg.startsWith('-') && arg !== '-' && (findOption(arg, options) !== undefined || !arg.includes(' '));

function convert(option: ArgparseOption, text: string, before: Value | undefined): Value {
  if (option.kind === 'list') return [...((before as readonly string[] | undefined) ?? []), text];
  if (option.kind === 'text') return text;
  const plain = text.trim();
  // Python's own form of a whole number, and beyond it the 0x… that all our commands take.
  if (/^[+-]?\d+(_\d+)*$/.test(plain)) return BigInt(plain.replaceAll('_', '').replace('+', ''));
  if (/^0[xX][0-9a-fA-F]+$/.test(plain)) return BigInt(plain);
  throw new ArgparseError(`argument ${label(option)}: “${text}” is no whole number, in decimal or with 0x`);
}

const label = ({ name, short }: ArgparseOption): string => `--${name}${short ? `/-${short}` : ''}`;
