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

/**
 * Splits a copied command line into words: quotes, backslashes and continued lines. Nothing is expanded; a `$` or a
 * backtick is an ordinary letter here.
 * @throws SevError BYTES_VALUE when a quote is not closed, BYTES_TOO_LARGE
 */
export function splitCommand(text: string, at = 'command'): readonly string[] {
  if (text.length > MAX_LENGTH) throw new SevError('BYTES_TOO_LARGE', { at });
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '\\' && quote !== "'") {
      i++;
      if (text[i] === '\n') continue;
      const kept = quote === '"' && !'"\\$`'.includes(text[i] ?? '') ? '\\' : '';
      word = (word ?? '') + kept + (text[i] ?? '');
    } else if (quote) {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/[ \t\r\n]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote) throw new SevError('BYTES_VALUE', { at, because: 'A quote is not closed.' });
  return word === undefined ? words : [...words, word];
}
