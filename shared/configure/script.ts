// The commands of a shell script as it would run them: variables and lists that the script itself sets are put in their place.
import { SevError } from '../errors.ts';
import { shellTokens, type ShellToken, type ShellWord } from './shell.ts';

/** Stands before what is not known: a variable from elsewhere, or what a command prints. Never in a text that was given. */
export const UNKNOWN = '\ue000';

export const isUnknown = (value: string | undefined): boolean => value?.includes(UNKNOWN) ?? false;

/** What all words together may come to: a script may double a variable in each line. */
const MAX_TOTAL = 1024 * 1024;

export interface CommandWord {
  readonly text: string;
  readonly quoted: boolean;
  readonly expands: boolean;
}

export type ScriptCommand = readonly CommandWord[];

/** The variables, and how much may still be put in their places. */
class Values extends Map<string, readonly CommandWord[]> {
  #left = MAX_TOTAL;

  /** @throws SevError BYTES_TOO_LARGE */
  spend(words: readonly CommandWord[]): readonly CommandWord[] {
    for (const { text } of words) this.#left -= text.length + 1;
    if (this.#left < 0) throw new SevError('BYTES_TOO_LARGE', { at: 'script' });
    return words;
  }
}

const BEGINS = new Set(['if', 'while', 'until', 'for', 'case', 'select']);
const ENDS = new Set(['fi', 'done', 'esac']);
const PREFIXES = new Set(['then', 'else', 'elif', 'do', '{', '}', '!', 'time', '(', ')', ...BEGINS, ...ENDS]);
const DECLARES = new Set(['declare', 'export', 'local', 'readonly', 'typeset']);
const ASSIGNS = /^([A-Za-z_]\w{0,63})(\+?)=/;

/**
 * The commands of a script in their order. What is set on a condition only, or by a command, stays unknown.
 * @param goesOn whether a line that no backslash continues belongs to the command before it all the same
 * @throws SevError BYTES_VALUE when a quote is not closed, BYTES_TOO_LARGE
 */
export function runScript(
  text: string,
  at: string,
  goesOn: (command: readonly ShellWord[], next: ShellWord) => boolean,
): readonly ScriptCommand[] {
  const values = new Values();
  const commands: ScriptCommand[] = [];
  let depth = 0;
  for (const { words, conditional } of statements([...shellTokens(text, at)], goesOn)) {
    let rest = words;
    while (rest[0] && !rest[0].quoted && PREFIXES.has(rest[0].text)) {
      if (BEGINS.has(rest[0].text)) depth++;
      if (ENDS.has(rest[0].text)) depth = Math.max(0, depth - 1);
      rest = rest.slice(1);
    }
    if (DECLARES.has(rest[0]?.text ?? '')) rest = withoutOptions(rest.slice(1));
    rest = assignAll(rest, values, depth > 0 || conditional);
    if (rest.length > 0) commands.push(rest.flatMap((word) => resolve(word, values, true)));
  }
  return commands;
}

function withoutOptions(words: readonly ShellWord[]): readonly ShellWord[] {
  const first = words.findIndex(({ text }) => !text.startsWith('-'));
  return first < 0 ? [] : words.slice(first);
}

interface Statement {
  readonly words: readonly ShellWord[];
  /** After `&&` or `||`. */
  readonly conditional: boolean;
}

function* statements(
  tokens: readonly ShellToken[],
  goesOn: (command: readonly ShellWord[], next: ShellWord) => boolean,
): Generator<Statement> {
  let words: ShellWord[] = [];
  let conditional = false;
  let inList = false;
  for (const [i, token] of tokens.entries()) {
    if (typeof token !== 'string') {
      words.push(token);
      if (token.opens) inList = true;
      if (token.closes) inList = false;
      continue;
    }
    const next = tokens[i + 1];
    if (inList || (token === 'line-end' && words.length > 0 && typeof next === 'object' && goesOn(words, next)))
      continue;
    if (words.length > 0) yield { words, conditional };
    words = [];
    conditional =
      token === 'condition' || (token === 'line-end' && conditional && i > 0 && tokens[i - 1] === 'condition');
  }
  if (words.length > 0) yield { words, conditional };
}

/** Sets what stands before the command, and gives the command back. */
function assignAll(words: readonly ShellWord[], values: Values, conditional: boolean): readonly ShellWord[] {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const [whole, name, plus] = ASSIGNS.exec(typeof word.parts[0] === 'string' ? word.parts[0] : '') ?? [];
    // A unit of systemd: its command, and variables by another name.
    if (whole === undefined || name === undefined || name.startsWith('Exec')) return words.slice(i);
    const value = withoutStart(word, whole.length);
    if (name === 'Environment') {
      assignAll([value], values, conditional);
      continue;
    }
    const [list, end] = word.opens ? listFrom(words, i, whole.length + 1) : [[value], i];
    i = end;
    const given = list.flatMap((element) => resolve(element, values, word.opens));
    const before = plus === '+' ? (values.get(name) ?? []) : [];
    values.set(name, values.spend(assigned(before, given, { plus: plus === '+', list: word.opens, conditional })));
  }
  return [];
}

function assigned(
  before: readonly CommandWord[],
  given: readonly CommandWord[],
  { plus, list, conditional }: { plus: boolean; list: boolean; conditional: boolean },
): readonly CommandWord[] {
  if (conditional) return [...before, NOT_KNOWN];
  if (list || !plus) return [...before, ...given];
  return [joined([...before, ...given])];
}

const NOT_KNOWN: CommandWord = { text: `${UNKNOWN}…`, quoted: false, expands: true };

const joined = (words: readonly CommandWord[]): CommandWord => ({
  text: words.map(({ text }) => text).join(''),
  quoted: words.some(({ quoted }) => quoted),
  expands: words.some(({ expands }) => expands),
});

/** The elements of `NAME=( … )` from its first word on, and where its last one stands. */
function listFrom(words: readonly ShellWord[], start: number, skip: number): [readonly ShellWord[], number] {
  let end = start;
  while (end < words.length - 1 && !words[end]!.closes) end++;
  const elements = words.slice(start, end + 1).map((word, i) => (i === 0 ? withoutStart(word, skip) : word));
  const last = elements.at(-1);
  if (last?.closes) elements[elements.length - 1] = withoutEnd(last);
  return [elements.filter(({ text, quoted }) => quoted || text !== ''), end];
}

function withoutStart(word: ShellWord, length: number): ShellWord {
  const [first, ...rest] = word.parts;
  const cut = typeof first === 'string' ? first.slice(length) : '';
  const parts = [...(cut === '' ? [] : [cut]), ...rest];
  return { ...word, text: word.text.slice(length), parts, opens: false };
}

function withoutEnd(word: ShellWord): ShellWord {
  const last = word.parts.at(-1);
  const parts = typeof last === 'string' ? [...word.parts.slice(0, -1), last.slice(0, -1)] : word.parts;
  return { ...word, text: word.text.slice(0, -1), parts, closes: false };
}

/** A word as the shell hands it on: several, where a list or an unquoted text of several words stands in it; or none. */
function resolve(word: ShellWord, values: Values, splits: boolean): readonly CommandWord[] {
  if (!word.expands) return [{ text: word.text, quoted: word.quoted, expands: false }];
  const made: CommandWord[] = [];
  let open: CommandWord | undefined;
  const append = ({ text, expands }: CommandWord) =>
    void (open = {
      text: (open?.text ?? '') + text,
      quoted: word.quoted,
      expands: expands || (open?.expands ?? false),
    });
  for (const part of word.parts) {
    if (typeof part === 'string') {
      append({ text: part, quoted: word.quoted, expands: false });
      continue;
    }
    const value = part.name === undefined ? undefined : values.get(part.name);
    if (!value) {
      // A comma would part it.
      append({ text: UNKNOWN + part.raw.replaceAll(',', ';'), quoted: part.quoted, expands: true });
      continue;
    }
    for (const [i, element] of (part.quoted || !splits ? value : value.flatMap(atBlanks)).entries()) {
      if (i > 0 && open) made.push(open);
      if (i > 0) open = undefined;
      append(element);
    }
  }
  if (open) made.push(open);
  return values.spend(made);
}

const atBlanks = (word: CommandWord): readonly CommandWord[] =>
  word.expands || !/\s/.test(word.text)
    ? [word]
    : word.text
        .split(/\s+/)
        .filter((text) => text !== '')
        .map((text) => ({ ...word, text }));
