// What came of an attestation report, in one sentence.
import type { ReportDecision } from '../../../shared/sev/decide/report-decision.ts';
import type { VerdictWords } from '../../platforms/chain-verdict.ts';
import { report as say } from '../../strings/report.ts';
import { dayAndTime } from '../../strings/time.ts';
import type { AskedReport } from './asked-report.ts';

/** Green only where the proof leads to AMD. */
export function reportVerdict({ kind, simulated, findings }: ReportDecision, asked: AskedReport): VerdictWords {
  const askedAt = dayAndTime(asked.askedAt);
  if (kind === 'proven') {
    const reason = say.reason(askedAt, dayAndTime(asked.receivedAt ?? asked.askedAt));
    if (simulated) return { tone: 'simulated', sentence: say.provenSimulated, reason };
    return { tone: 'proven', sentence: say.sentences.proven, reason };
  }
  const first = findings.find(({ severity }) => severity === 'refused');
  const reason = [first?.sentence, say.reasonRefused(askedAt)].filter(Boolean).join(' ');
  return { tone: 'refused', sentence: say.sentences[kind], reason, next: first?.next };
}
