// The pages for people, and the fenced blocks in them. Each block of commands says whether a test runs it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export interface Block {
  readonly page: string;
  /** Of its opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** What stands behind the language: `run`, `hardware`, `hardware=launch`, `network`. */
  readonly marks: readonly string[];
  readonly text: string;
}

/** Written by people; generated pages have tests of their own. */
const GENERATED = new Set(['LICENCES.md', 'dependencies.md']);

/** Paths of the pages, from the project's root. */
export const pages = (): readonly string[] => [
  ...(existsSync('README.md') ? ['README.md'] : []),
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md') && !GENERATED.has(name))
    .sort()
    .map((name) => `docs/${name}`),
];

export const readPage = (page: string): string => readFileSync(resolve(page), 'utf8');

export function blocksOf(page: string, text = readPage(page)): readonly Block[] {
  const blocks: Block[] = [];
  let open: { line: number; info: string; lines: string[] } | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (open) {
      const [language = '', ...marks] = open.info.trim().split(/\s+/);
      blocks.push({ page, line: open.line, language, marks, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else open = { line: i + 1, info: fence[1]!, lines: [] };
  }
  if (open) throw new Error(`${page}:${open.line}: the block has no end`);
  return blocks;
}

/** What a step that needs hardware is called, where a stand-in takes its place in the test. */
export const standInOf = ({ marks }: Block): string | undefined =>
  marks.find((mark) => mark.startsWith('hardware='))?.slice('hardware='.length);

export const isRun = (block: Block): boolean => block.language === 'sh' && block.marks.includes('run');
