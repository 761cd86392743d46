// The tone of a finding's severity.
import type { Severity } from '../../shared/findings/finding.ts';
import type { Tone } from './tone.ts';

/** Under a simulated platform nothing is green. */
export function findingTone(severity: Severity, simulated = false): Tone {
  if (severity === 'ok') return simulated ? 'simulated' : 'proven';
  if (severity === 'warning') return 'attention';
  return severity;
}
