// Findings as lines of text: the gravest first, each with what to do about it.
import { visibleLine } from '../../shared/text/visible.ts';
import { bySeverity, type Finding } from '../../shared/findings/finding.ts';

/** Lines for everything but what is well. */
export const findingLines = (findings: readonly Finding[]): string[] =>
  bySeverity(findings)
    .filter(({ severity }) => severity !== 'ok')
    .map(findingLine);

export function findingLine({ severity, sentence, next, expected, actual }: Finding): string {
  const values =
    expected !== undefined || actual !== undefined ? ` [expected ${expected ?? '—'}; is ${actual ?? '—'}]` : '';
  return visibleLine(`${severity}: ${sentence}${values}${next ? ` ${next}` : ''}`);
}
