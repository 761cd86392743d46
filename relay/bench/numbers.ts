// Medians and the like of what the bench measured.

/** The value below which this part of all values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const describe = (values: readonly number[]): string =>
  `median ${median(values).toFixed(2)} ms, 95 % within ${quantile(values, 0.95).toFixed(2)} ms (${values.length} calls)`;
