// QEMU's arguments as another language writes a list of texts: JSON, Python, Go, Rust, YAML; as the whole text, or within it.
import { isQemuProgram } from './find-command.ts';
import { UNKNOWN } from './script.ts';

const MAX_LISTS = 1000;

export interface ArgumentList {
  readonly words: readonly string[];
  /** Some elements are no texts: variables, calls. */
  readonly expands: boolean;
}

/** The lists that have QEMU's program among their first words, or begin with an option of its. Linear in the text. */
export function argumentLists(text: string): readonly ArgumentList[] {
  const lists: ArgumentList[] = [];
  // What was read is passed over.
  const start = /[[({]\s{0,80}(?=[frb]?["'])/g;
  for (let found = start.exec(text); found && lists.length < MAX_LISTS; found = start.exec(text)) {
    const [list, end] = elementsFrom(text, start.lastIndex);
    start.lastIndex = Math.max(end, start.lastIndex);
    if (list && isArguments(list.words)) lists.push(list);
  }
  return lists.length > 0 ? withProgram(lists) : yamlLists(text);
}

/** Where several are there, those with the program in front: others may be a part. */
function withProgram(lists: readonly ArgumentList[]): readonly ArgumentList[] {
  const whole = lists.filter(({ words }) => words.slice(0, 4).some(isQemuProgram));
  return whole.length > 0 ? whole : lists;
}

/** The program and an option, or at least two of QEMU's options. */
function isArguments(words: readonly string[]): boolean {
  const options = words.filter((word) => /^--?[a-zA-Z]/.test(word));
  if (words.slice(0, 4).some(isQemuProgram)) return options.length > 0;
  return words[0]?.startsWith('-') === true && options.includes('-machine') && options.length > 1;
}

/** The elements of a list up to its end, and where that is; no list for what is another thing in brackets. */
function elementsFrom(text: string, from: number): [list: ArgumentList | undefined, end: number] {
  const words: string[] = [];
  let expands = false;
  let position = from;
  const skip = (pattern: RegExp): string => {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0] ?? '';
    position += found.length;
    return found;
  };
  while (position < text.length) {
    skip(/\s*/y);
    if (/[\])}]/.test(text[position] ?? ']')) return [{ words, expands }, position + 1];
    const prefix = skip(/[frb]{0,2}(?=["'])/y);
    const word = quotedAt(text, position);
    if (word) {
      position = word.end;
      words.push(prefix.includes('f') ? word.text.replaceAll(/\{[^{}]*\}/g, UNKNOWN) : word.text);
      expands ||= words.at(-1)!.includes(UNKNOWN);
      skip(/\.(?:into|to_string|to_owned)\(\)/y);
    } else {
      // A variable or a call; only in what has shown itself to be a list of arguments.
      if (words.length === 0 || !(isQemuProgram(words[0]!) || words[0]!.startsWith('-'))) return [undefined, position];
      position = endOfElement(text, position);
      words.push(UNKNOWN);
      expands = true;
    }
    skip(/\s*/y);
    if (skip(/,/y) === '' && !/[\])}]/.test(text[position] ?? '')) return [undefined, position];
  }
  return [undefined, position];
}

function quotedAt(text: string, start: number): { text: string; end: number } | undefined {
  const quote = text[start];
  if (quote !== '"' && quote !== "'") return undefined;
  let word = '';
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === quote) return { text: word, end: i + 1 };
    word += text[i] === '\\' && i + 1 < text.length ? unescaped(text[++i]!) : text[i]!;
  }
  return { text: word, end: text.length };
}

const unescaped = (char: string): string => (char === 'n' ? '\n' : char === 't' ? '\t' : char);

/** The comma or the bracket after an element that is no text. */
function endOfElement(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const char = text[i]!;
    if (depth === 0 && (char === ',' || ')]}'.includes(char))) return i;
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char)) depth--;
  }
  return text.length;
}

/** `- -machine` on a line each, as Compose files and pods have them. */
function yamlLists(text: string): readonly ArgumentList[] {
  const lists: string[][] = [[]];
  for (const line of text.split('\n')) {
    const [, value] = /^\s{0,80}-\s+(\S.*)$/.exec(line.slice(0, 70_000)) ?? [];
    if (value !== undefined) lists.at(-1)!.push(withoutQuotes(value.trim()));
    else if (line.trim() !== '' && !/^\s*#/.test(line) && lists.at(-1)!.length > 0) lists.push([]);
  }
  return lists
    .filter(isArguments)
    .slice(-MAX_LISTS)
    .map((words) => ({ words, expands: false }));
}

const withoutQuotes = (text: string): string => /^"(.*)"$/.exec(text)?.[1] ?? /^'(.*)'$/.exec(text)?.[1] ?? text;
