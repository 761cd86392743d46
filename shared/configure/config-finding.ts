// One thing that an audit of a configuration finds: its code and how grave it is, in the words of its table.
import type { Finding, Severity } from '../findings/finding.ts';
import { AUDIT_WORDS, type AuditCode } from './audit-words.ts';

type Fact<C extends AuditCode> = Parameters<(typeof AUDIT_WORDS)[C]>;

/** @param fact what the words of the code ask for */
export function finding<C extends AuditCode>(code: C, severity: Severity, ...fact: Fact<C>): Finding {
  const say = AUDIT_WORDS[code] as unknown as (...fact: unknown[]) => { sentence: string; next?: string };
  const { sentence, next } = say(...fact);
  return { code, severity, sentence, ...(next !== undefined && { next }) };
}
