// Words of a shell: writing commands that can be pasted, and reading those that were copied.
import { SevError } from '../errors.ts';

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

export interface ShellWord {
  readonly text: string;
  /** By a quote or a backslash. */
  readonly quoted: boolean;
  /** A shell would put something else in its place, or in that of a part: `$name`, `$(…)` or backticks. */
  readonly expands: boolean;
}

/** A word, the end of a line that nothing continues, or what ends a command: `;`, `&`, `|`. */
export type ShellToken = ShellWord | 'line-end' | 'command-end';

/**
 * Reads a copied text as a shell does: quotes, backslashes, continued lines, comments. Nothing is expanded; JSON that
 * stands there without quotes, as `ps` prints it, is one word.
 * @throws SevError BYTES_VALUE when a quote is not closed, BYTES_TOO_LARGE
 */
export function* shellTokens(text: string, at = 'command'): Generator<ShellToken> {
  if (text.length > MAX_LENGTH) throw new SevError('BYTES_TOO_LARGE', { at });
  let word: { text: string; quoted: boolean; expands: boolean } | undefined;
  let quote = '';
  let mayHaveJson = true;
  const add = (more: string, quoted = false, expands = false) => {
    word = {
      text: (word?.text ?? '') + more,
      quoted: quoted || (word?.quoted ?? false),
      expands: expands || (word?.expands ?? false),
    };
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const next = text[i + 1] ?? '';
    if (char === '\\' && quote !== "'") {
      i++;
      if (next === '\r' && text[i + 1] === '\n') i++;
      if (text[i] === '\n') continue;
      add((quote === '"' && !'"\\$`'.includes(next) ? '\\' : '') + next, true);
    } else if (quote) {
      if (char === quote) quote = '';
      else add(char, true, quote === '"' && isExpansion(char, next));
    } else if (char === '"' || char === "'") {
      quote = char;
      add('', true);
    } else if (/\s/.test(char)) {
      if (word) yield word;
      word = undefined;
      if (char === '\n') yield 'line-end';
    } else if (!word && char === '#') {
      const end = text.indexOf('\n', i);
      i = (end < 0 ? text.length : end) - 1;
    } else if (';&|'.includes(char) && (next === '' || next === char || /\s/.test(next))) {
      if (word) yield word;
      word = undefined;
      yield 'command-end';
    } else {
      const isJson: boolean = !word && mayHaveJson && /^\{\s{0,20}"/.test(text.slice(i, i + 22));
      const json = isJson ? bareJson(text, i) : undefined;
      // Looked for once in vain: again at every brace would take too long.
      if (isJson && json === undefined) mayHaveJson = false;
      add(json ?? char, false, json === undefined && isExpansion(char, next));
      i += (json?.length ?? 1) - 1;
    }
  }
  if (quote) throw new SevError('BYTES_VALUE', { at, because: 'A quote is not closed.' });
  if (word) yield word;
}

const isExpansion = (char: string, next: string): boolean =>
  char === '`' || (char === '$' && /[A-Za-z0-9_{(@*]/.test(next));

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
