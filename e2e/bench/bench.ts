// What a bench is: a file *.bench.ts in this folder that exports `bench`. It measures ours and, in the same run, the
// others', and says what was promised.

/** What a bench may use. */
export interface BenchContext {
  /** A folder that goes away after the run. */
  readonly folder: string;
  /** The built commands, run with node. */
  readonly commands: { readonly verifier: string; readonly relay: string };
  /** Where a Chromium is, if there is one. */
  readonly chromium: string | undefined;
  /** Fewer repetitions and smaller files: to see that the benches work. */
  readonly quick: boolean;
}

/** A number with its unit: `MB/s` and `/s` are better the more, all others the less. None is a count. */
export type Unit = '' | 'MB/s' | '/s' | 'ms' | 's' | 'MiB' | 'KiB' | 'kB gzip';

export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly ours: number;
  /** The same thing done by somebody else, measured in this run. */
  readonly other?: { readonly name: string; readonly value: number };
  /** In words, as the issue has it. */
  readonly goal?: string;
  /** Whether the goal is met; left out where there is none. */
  readonly met?: boolean;
  /** Why there is no number, where something is missing. */
  readonly skipped?: string;
}

export interface Bench {
  readonly issue: number;
  readonly title: string;
  run(context: BenchContext): Promise<readonly Figure[]>;
}

/** A figure that could not be taken. */
export const skipped = (name: string, unit: Unit, reason: string): Figure => ({
  name,
  unit,
  ours: Number.NaN,
  skipped: reason,
});

/** Ours beside another's, with the goal as a least ratio of ours to theirs (for times: of theirs to ours). */
export function beside(
  name: string,
  unit: Unit,
  ours: number,
  other: { readonly name: string; readonly value: number },
  least?: number,
): Figure {
  const ratio = ratioOf(unit, ours, other.value);
  const goal = least === undefined ? {} : { goal: `at least ${least} of ${other.name}`, met: ratio >= least };
  return { name, unit, ours, other, ...goal };
}

/** Ours against a bound: at most for times and sizes, at least for rates. */
export function within(name: string, unit: Unit, ours: number, bound: number): Figure {
  const isRate = unit.endsWith('/s');
  const goal = `${isRate ? 'at least' : 'under'} ${bound.toLocaleString('en')} ${unit}`;
  return { name, unit, ours, goal, met: isRate ? ours >= bound : ours < bound };
}

/** Above 1 means that ours is better. */
export const ratioOf = (unit: Unit, ours: number, theirs: number): number =>
  unit.endsWith('/s') ? ours / theirs : theirs / ours;
