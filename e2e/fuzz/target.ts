/// <reference types="vite/client" />
// What is fuzzed: every list of targets that a file shared/testing/fuzz-*.ts exports.

import type { FuzzTarget } from '../../shared/testing/fuzz-target.ts';

export type { FuzzTarget } from '../../shared/testing/fuzz-target.ts';

type Module = Readonly<Record<string, unknown>>;

const modules = import.meta.glob<Module>(['../../shared/testing/fuzz-*.ts', '!**/*.test.ts']);

const isTarget = (value: unknown): value is FuzzTarget =>
  typeof value === 'object' && value !== null && 'name' in value && 'run' in value && typeof value.run === 'function';

/** All targets, in the order of their files. Each module is loaded only here. */
export async function allTargets(): Promise<readonly FuzzTarget[]> {
  const loaded = await Promise.all(
    Object.keys(modules)
      .sort()
      .map((path) => modules[path]!()),
  );
  const targets = loaded.flatMap((module) => Object.values(module).flatMap(targetsOf));
  const names = targets.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`two fuzz targets are called “${twice}”`);
  return targets;
}

const targetsOf = (exported: unknown): readonly FuzzTarget[] =>
  Array.isArray(exported) ? exported.filter(isTarget) : [];
