// Words of a shell: writing commands that can be pasted, and reading those that were copied.
import { SevError } from '../errors.ts';
import { configForm } from './form-words.ts';

const MAX_LENGTH = 256 * 1024;

/** One word as a POSIX shell reads it back. */
export const quoteWord = (word: string): string =>
  /^[A-Za-z0-9_./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** A command on several lines: a new one before each option. */
export function writeCommand(words: readonly string[]): string {
  const lines: string[][] = [];
  for (const word of words) {
    if (lines.length === 0 || word.startsWith('-')) lines.push([]);
    lines.at(-1)!.push(quoteWord(word));
  }
  return lines.map((line) => line.join(' ')).join(' \\\n  ');
}

/** What a shell puts something else in the place of: `$name`, `${name}`, `$(…)` or backticks. */
export interface Expansion {
  /** As it stands in the text. */
  readonly raw: string;
  /** The variable; missing for a command, an argument of the script, or an operation on a variable. */
  readonly name?: string;
  /** In double quotes, where blanks do not part it into several words. */
  readonly quoted: boolean;
}

export interface ShellWord {
  readonly text: string;
  /** By a quote or a backslash. */
  readonly quoted: boolean;
  /** A shell would put something else in its place, or in that of a part. */
  readonly expands: boolean;
  /** The text in its order, and what is expanded. */
  readonly parts: readonly (string | Expansion)[];
  /** `NAME=(` and `)`, which begin and end a list. */
  readonly opens: boolean;
  readonly closes: boolean;
}

/** A word, the end of a line that nothing continues, or what ends a command: `;` and `&`, or on a condition `&&`, `||`, `|`. */
export type ShellToken = ShellWord | 'line-end' | 'command-end' | 'condition';

/** A word in the making. */
interface Draft {
  text: string;
  quoted: boolean;
  parts: (string | Expansion)[];
  opens: boolean;
  closes: boolean;
}

const finished = (draft: Draft): ShellWord => ({
  ...draft,
  expands: draft.parts.some((part) => typeof part !== 'string'),
});

/**
 * Reads a copied text as a shell does: quotes, backslashes, continued lines, comments. Nothing is expanded; JSON that
 * stands there without quotes, as `ps` prints it, is one word. Linear in the text.
 * @throws SevError BYTES_VALUE when a quote is not closed, BYTES_TOO_LARGE
 */
export function* shellTokens(text: string, at = 'command'): Generator<ShellToken> {
  if (text.length > MAX_LENGTH) throw new SevError('BYTES_TOO_LARGE', { at });
  let word: Draft | undefined;
  let quote = '';
  let mayHaveJson = true;
  const expansions = new ExpansionReader(text);
  const draft = (): Draft => (word ??= { text: '', quoted: false, parts: [], opens: false, closes: false });
  const add = (more: string, quoted = false) => {
    const made = draft();
    const plain = more.length === 1 && !quoted;
    if (plain && more === '(' && made.text.length <= 62 && /^[A-Za-z_]\w{0,59}\+?=$/.test(made.text)) made.opens = true;
    made.closes = plain && more === ')';
    made.text += more;
    made.quoted ||= quoted;
    if (typeof made.parts.at(-1) === 'string') made.parts[made.parts.length - 1] = (made.parts.at(-1) as string) + more;
    else made.parts.push(more);
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const next = text[i + 1] ?? '';
    const expansion = quote !== "'" && (char === '$' || char === '`') ? expansions.at(i, quote === '"') : undefined;
    if (expansion) {
      const made = draft();
      made.parts.push(expansion);
      made.text += expansion.raw;
      made.quoted ||= quote !== '';
      made.closes = false;
      i += expansion.raw.length - 1;
    } else if (char === '\\' && quote !== "'") {
      i++;
      if (next === '\r' && text[i + 1] === '\n') i++;
      if (text[i] === '\n') continue;
      add((quote === '"' && !'"\\$`'.includes(next) ? '\\' : '') + next, true);
    } else if (quote) {
      if (char === quote) quote = '';
      else add(char, true);
    } else if (char === '"' || char === "'") {
      quote = char;
      add('', true);
    } else if (/\s/.test(char)) {
      if (word) yield finished(word);
      word = undefined;
      if (char === '\n') yield 'line-end';
    } else if (!word && char === '#') {
      const end = text.indexOf('\n', i);
      i = (end < 0 ? text.length : end) - 1;
    } else if (';&|'.includes(char) && (next === '' || next === char || /\s/.test(next))) {
      if (word) yield finished(word);
      word = undefined;
      yield char === '|' || (char === '&' && next === '&') ? 'condition' : 'command-end';
      if (next === char) i++;
    } else {
      const isJson: boolean = !word && mayHaveJson && /^\{\s{0,20}"/.test(text.slice(i, i + 22));
      const json = isJson ? bareJson(text, i) : undefined;
      // Looked for once in vain: again at every brace would take too long.
      if (isJson && json === undefined) mayHaveJson = false;
      add(json ?? char);
      i += (json?.length ?? 1) - 1;
    }
  }
  if (quote) throw new SevError('BYTES_VALUE', { at, ...configForm('open-quote') });
  if (word) yield finished(word);
}

/** Reads what is expanded. A form that was once looked for in vain is not looked for again: that would take too long. */
class ExpansionReader {
  readonly #text: string;
  readonly #given = { $: true, '`': true };

  constructor(text: string) {
    this.#text = text;
  }

  at(start: number, quoted: boolean): Expansion | undefined {
    const text = this.#text;
    const [name] = /^\$(?:[A-Za-z_]\w{0,63}|[0-9@*#?!])/.exec(text.slice(start, start + 66)) ?? [];
    if (name !== undefined) return { raw: name, quoted, ...(/^\$[A-Za-z_]/.test(name) && { name: name.slice(1) }) };
    const kind = text[start] === '`' ? '`' : '$';
    if (kind === '$' && !'{('.includes(text[start + 1] || ' ')) return undefined;
    const end = this.#given[kind] ? (kind === '`' ? text.indexOf('`', start + 1) : closing(text, start + 1)) : -1;
    if (end < 0) {
      this.#given[kind] = false;
      return { raw: text[start]!, quoted };
    }
    const raw = text.slice(start, end + 1);
    const [, inner] = /^\$\{([A-Za-z_]\w{0,63})(?:\[[@*]\])?(?::?-[^}]*)?\}$/.exec(raw) ?? [];
    return { raw, quoted, ...(inner !== undefined && { name: inner }) };
  }
}

/** Where the bracket at `open` is closed, past others and what is quoted; -1 where it is not. */
function closing(text: string, open: number): number {
  const [begin, end] = text[open] === '{' ? ['{', '}'] : ['(', ')'];
  let depth = 0;
  let quote = '';
  for (let i = open; i < text.length; i++) {
    const char = text[i]!;
    if (char === '\\' && quote !== "'") i++;
    else if (quote) quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === begin) depth++;
    else if (char === end && --depth === 0) return i;
  }
  return -1;
}

/** The whole object that begins here; undefined where it does not end. */
function bareJson(text: string, start: number): string | undefined {
  let depth = 0;
  let inText = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i]!;
    if (inText && char === '\\') i++;
    else if (char === '"') inText = !inText;
    else if (!inText && char === '{') depth++;
    else if (!inText && char === '}' && --depth === 0) return text.slice(start, i + 1);
  }
  return undefined;
}

/**
 * All words of a copied text.
 * @throws SevError BYTES_VALUE when a quote is not closed, BYTES_TOO_LARGE
 */
export const splitCommand = (text: string, at = 'command'): readonly string[] =>
  [...shellTokens(text, at)].flatMap((token) => (typeof token === 'string' ? [] : [token.text]));
