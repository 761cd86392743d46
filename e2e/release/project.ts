// Where the project is, and its few files that the release tools read.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Every release tool and its tests run from the project's root, as npm does. */
export const ROOT = process.cwd();

export const inProject = (path: string): string => resolve(ROOT, path);
export const readText = (path: string): string => readFileSync(inProject(path), 'utf8');

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

export const readPackage = (): PackageJson => JSON.parse(readText('package.json')) as PackageJson;
