// Every page that a comment or another page names is there, and so is every heading that it quotes.
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parseSource, sourceFiles } from '../house/imports.ts';
import { pages, readPage } from './blocks.ts';

const PAGE = /(?<![\w/-])((?:\.\.\/|[\w-]+\/)*[\w-]+\.md)(?![\w-])(?:, “([^”]+)”)?/g;

/** A root's page, one of docs/, or a path from the root. */
const fileOf = (name: string): string | undefined =>
  [name, `docs/${name}`, `docs/${basename(name)}`].find(
    (path) => existsSync(path) && (path === name || !name.includes('/')),
  );

const commentsOf = (path: string): string => {
  const text = parseSource(path).text;
  const scanner = ts.createScanner(ts.ScriptTarget.ES2023, false, ts.LanguageVariant.Standard, text);
  const found: string[] = [];
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    const isComment = token === ts.SyntaxKind.SingleLineCommentTrivia || token === ts.SyntaxKind.MultiLineCommentTrivia;
    if (isComment) found.push(scanner.getTokenText().replaceAll(/^\s*(\/\/|\*)/gm, ''));
  }
  return found.join('\n').replaceAll(/\s+/g, ' ');
};

/** What is wrong with the pages that a text names. */
const wrong = (text: string): readonly string[] =>
  [...text.matchAll(PAGE)].flatMap(([, name = '', heading]) => {
    const file = fileOf(name);
    if (file === undefined) return [`${name} does not exist`];
    if (
      heading === undefined ||
      readFileSync(file, 'utf8')
        .split('\n')
        .some((line) => line.replace(/^#+ /, '') === heading)
    )
      return [];
    return [`${file} has no heading “${heading}”`];
  });

describe('pages that are named', () => {
  it('by comments exist', () => {
    const cited = sourceFiles().map((path) => [path, commentsOf(path)] as const);
    expect(cited.filter(([, text]) => text.includes('docs/')).length).toBeGreaterThan(5);
    expect(cited.flatMap(([path, text]) => wrong(text).map((fault) => `${path}: ${fault}`))).toEqual([]);
  });

  it('by pages exist', () => {
    const faults = pages().flatMap((page) => wrong(readPage(page)).map((fault) => `${page}: ${fault}`));
    expect(faults).toEqual([]);
  });

  it('are missed where they are not there', () => {
    expect(wrong('See spec/nothing.md, and docs/rules.md, “No such part”.')).toEqual([
      'spec/nothing.md does not exist',
      'docs/rules.md has no heading “No such part”',
    ]);
    expect(wrong('See docs/rules.md, “Secrets”.')).toEqual([]);
  });
});
