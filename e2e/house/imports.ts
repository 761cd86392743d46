// Who imports whom: every import of our own code, read by the compilers of TypeScript and Svelte.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parse } from 'svelte/compiler';
import ts from 'typescript';

const FOLDERS = ['shared', 'web', 'relay', 'e2e'];

/** One arrow between two files, as paths from the root. `names` are those that are taken; `*` stands for all. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** Gone in what is built: `import type`, `typeof import()`. */
  readonly isType: boolean;
  readonly names: readonly string[];
}

/** Every source file of these folders, sorted. */
export function sourceFiles(folders: readonly string[] = FOLDERS): readonly string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
        (path) => `${folder}/${path.replaceAll('\\', '/')}`,
      ),
    )
    .filter((path) => /\.(ts|svelte)$/.test(path) && !path.endsWith('.d.ts'))
    .sort();
}

/** The scripts of a file, for the compiler. Of a component its module's and its instance's, and what its markup says. */
export function parseSource(path: string): ts.SourceFile {
  const text = readFileSync(path, 'utf8');
  const code = path.endsWith('.svelte') ? scriptsOf(text) : text;
  return ts.createSourceFile(path, code, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS);
}

/** Scripts as they stand; of the markup what matters here, its expressions, one a line. */
function scriptsOf(text: string): string {
  const { module, instance, fragment } = parse(text, { modern: true });
  const slice = ({ start, end }: Place): string => text.slice(start, end);
  const scripts = [module, instance].flatMap((script) => (script ? [slice(script.content as unknown as Place)] : []));
  return [...scripts, ...loadedIn(fragment).map(slice)].join('\n');
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** Every `import()` in a markup, as in `{#await import('./Scanner.svelte')}`. */
function loadedIn(node: unknown): readonly Place[] {
  if (typeof node !== 'object' || node === null) return [];
  const inner = Object.values(node).flatMap(loadedIn);
  return 'type' in node && node.type === 'ImportExpression' ? [node as unknown as Place, ...inner] : inner;
}

/** The arrows that start at one file, to files of ours. */
export function importsOf(path: string): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, isType: boolean, names: readonly string[]): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith('.')) return;
    const to = normalize(join(dirname(path), specifier.text.split('?', 1)[0]!)).replaceAll('\\', '/');
    found.push({ from: path, to, isType, names });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      add(node.moduleSpecifier, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword, clause ? namesOf(clause) : []);
    } else if (ts.isExportDeclaration(node)) {
      const names = node.exportClause && ts.isNamedExports(node.exportClause) ? namesIn(node.exportClause) : ['*'];
      add(node.moduleSpecifier, node.isTypeOnly, names);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true, node.qualifier ? [node.qualifier.getText().split('.')[0]!] : ['*']);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, ['*']);
    } else if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'URL') {
      const [target, base] = node.arguments ?? [];
      if (base?.getText() === 'import.meta.url' && target?.getText().includes('.ts')) add(target, false, ['*']);
    }
    ts.forEachChild(node, visit);
  };
  visit(parseSource(path));
  return found;
}

function namesOf({ name, namedBindings }: ts.ImportClause): readonly string[] {
  const names = name ? ['default'] : [];
  if (!namedBindings) return names;
  return [...names, ...(ts.isNamedImports(namedBindings) ? namesIn(namedBindings) : ['*'])];
}

const namesIn = ({ elements }: ts.NamedImports | ts.NamedExports): readonly string[] =>
  elements.map(({ propertyName, name }) => (propertyName ?? name).text);

/** Groups of files, or of rooms, that reach each other: each a circle, sorted. Tarjan's algorithm. */
export function circles(arrows: readonly (readonly [from: string, to: string])[]): readonly (readonly string[])[] {
  const next = new Map<string, string[]>();
  for (const [from, to] of arrows) next.set(from, [...(next.get(from) ?? []), to]);
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    low.set(node, order.get(node)!);
    open.push(node);
    isOpen.add(node);
    for (const to of next.get(node) ?? []) {
      if (!order.has(to)) visit(to);
      if (isOpen.has(to)) low.set(node, Math.min(low.get(node)!, low.get(to)!));
    }
    if (low.get(node) !== order.get(node)) return;
    const group = open.splice(open.indexOf(node));
    group.forEach((member) => isOpen.delete(member));
    if (group.length > 1) found.push(group.sort());
  };
  for (const node of [...next.keys()].sort()) if (!order.has(node)) visit(node);
  return found.sort((a, b) => b.length - a.length);
}
