// `npm run docs:generate`: writes the pages that are made from code. Tests hold the written files to the same functions.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ARCHITECTURE, architecturePage } from '../house/page.ts';
import { dependenciesPage } from './dependencies.ts';
import { HOSTING_FILES } from './hosting.ts';
import { licencesPage } from './licences.ts';
import { inProject } from './project.ts';

/** Every generated file by its path, with the function that makes it. */
export const GENERATED: Readonly<Record<string, () => string>> = {
  [ARCHITECTURE]: architecturePage,
  'docs/LICENCES.md': licencesPage,
  'docs/dependencies.md': dependenciesPage,
  ...Object.fromEntries(Object.entries(HOSTING_FILES).map(([name, text]) => [`docs/hosting/${name}`, () => text])),
};

export function main(): number {
  for (const [path, make] of Object.entries(GENERATED)) {
    mkdirSync(dirname(inProject(path)), { recursive: true });
    writeFileSync(inProject(path), make());
    console.log(`wrote ${path}`);
  }
  return 0;
}
