/// <reference types="vite/client" />
// Runs all benches, or those that were asked for, and prints one table.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchContext, Figure } from './bench.ts';
import { machine, table } from './table.ts';

const modules = import.meta.glob<{ readonly bench: Bench }>('./*.bench.ts');

export interface BenchOptions extends Omit<BenchContext, 'folder'> {
  /** Only benches whose title or issue contains this. */
  readonly only: string;
  readonly json: boolean;
}

/** @returns whether every goal that could be looked at is met */
export async function runBenches({ only, json, ...rest }: BenchOptions): Promise<boolean> {
  const benches = (
    await Promise.all(
      Object.keys(modules)
        .sort()
        .map((path) => modules[path]!()),
    )
  ).map((module) => module.bench);
  const chosen = benches.filter(({ issue, title }) => `issue ${issue}: ${title}`.includes(only));
  const folder = mkdtempSync(join(tmpdir(), 'sev-bench-'));
  const results: { readonly bench: Bench; readonly figures: readonly Figure[] }[] = [];
  try {
    for (const bench of chosen) {
      if (!json) console.error(`measuring: ${bench.title} …`);
      results.push({ bench, figures: await bench.run({ ...rest, folder }) });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  print(results, json);
  return results.every(({ figures }) => figures.every(({ met }) => met !== false));
}

function print(results: readonly { bench: Bench; figures: readonly Figure[] }[], json: boolean): void {
  const titled = results.map(({ bench: { issue, title }, figures }) => ({ issue, title, figures }));
  if (json) {
    console.log(JSON.stringify({ machine: machine(), benches: titled }, null, 2));
    return;
  }
  const figures = titled.flatMap(({ issue, title, figures }) =>
    figures.map((figure) => ({ ...figure, name: `#${issue} ${title}: ${figure.name}` })),
  );
  console.log(`${machine()}\n\n${table(figures)}`);
}
