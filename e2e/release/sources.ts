// Which packages the sources that are shipped import: read from the import statements, tests and test helpers left out.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inProject, ROOT } from './project.ts';

const SHIPPED_FOLDERS = ['web', 'relay', 'shared'];
const FOR_TESTS = /\.test\.ts$|(^|\/)testing(\.ts$|\/)/;
const IMPORTS_VITEST = /from 'vitest'/;
const IMPORT = /(?:\bfrom\s+|\bimport\(\s*|\bimport\s+)'([^'.\s][^']*)'/g;

/** Names of the packages that shipped code imports, without Node's own and Vite's virtual ones, sorted. */
export function importedPackages(): readonly string[] {
  const texts = SHIPPED_FOLDERS.flatMap((folder) => sourcesIn(inProject(folder))).map((path) =>
    readFileSync(path, 'utf8'),
  );
  const names = texts
    .filter((text) => !IMPORTS_VITEST.test(text))
    .flatMap((text) => [...text.matchAll(IMPORT)].map(([, name]) => packageOf(name!)));
  return [...new Set(names)].filter((name) => !/^(node|virtual):/.test(name)).sort();
}

const sourcesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !FOR_TESTS.test(relative(ROOT, path)));

/** `@noble/hashes/sha2.js` → `@noble/hashes`. */
const packageOf = (specifier: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
