// Findings on SNP reports: a code, its facts and its gravity here; the words from the table.
import type { Finding, Severity } from '../../findings/finding.ts';
import { type FactsOf, SNP_WORDS, type SnpCode, type Words } from './words.ts';

/** Expected beside actual, for the screen. */
export interface Compared {
  readonly expected?: string;
  readonly actual?: string;
}

export type SnpFinding = Finding & {
  readonly code: SnpCode;
  /** What the sentence was made of, for translations. */
  readonly facts?: unknown;
};

export function find<C extends SnpCode>(
  severity: Severity,
  code: C,
  ...[facts, compared]: undefined extends FactsOf<C>
    ? [facts?: undefined, compared?: Compared]
    : [facts: FactsOf<C>, compared?: Compared]
): SnpFinding {
  const words = (SNP_WORDS[code] as (facts: unknown) => Words)(facts);
  return { code, severity, ...words, ...(facts !== undefined && { facts }), ...compared };
}
