// One thing that was found out while judging: what, how grave, and expected beside actual.
import type { ErrorCode, SevError } from '../errors.ts';

/** `ok` is proven, `note` worth knowing, `warning` needs attention, `refused` forbids, `unchecked` was not looked at. */
export type Severity = 'ok' | 'note' | 'warning' | 'refused' | 'unchecked';

export interface Finding {
  /** Stable; an error's code where an error is behind it. */
  readonly code: ErrorCode | (string & {});
  readonly severity: Severity;
  readonly sentence: string;
  readonly next?: string;
  /** What the guest owner expects, and what the host says; numbers in both radices. */
  readonly expected?: string;
  readonly actual?: string;
}

/** The finding that an error becomes. */
export const findingOf = (
  error: SevError,
  values: { readonly expected?: string; readonly actual?: string } = {},
  severity: Severity = 'refused',
): Finding => ({ code: error.code, severity, sentence: error.sentence, next: error.next, ...values });

const ORDER: readonly Severity[] = ['refused', 'unchecked', 'warning', 'note', 'ok'];

/** The gravest of several findings; `ok` where there is none. */
export const worst = (findings: readonly Finding[]): Severity =>
  ORDER.find((severity) => findings.some((finding) => finding.severity === severity)) ?? 'ok';

/** The gravest first; equals stay in their order. */
export const bySeverity = (findings: readonly Finding[]): readonly Finding[] =>
  [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
