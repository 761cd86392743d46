// One thing that an audit of a configuration finds.
import type { Finding, Severity } from '../findings/finding.ts';

export function finding(code: string, severity: Severity, sentence: string, next?: string): Finding {
  return { code, severity, sentence, ...(next !== undefined && { next }) };
}
