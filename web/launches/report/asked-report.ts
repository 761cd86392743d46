// Attestation reports in a launch's record: each was asked for under a nonce of its own, and answers only that.
import { equalBytes } from '../../../shared/bytes/equal.ts';
import { REPORT_NONCE_SIZE } from '../../../shared/sev/formats/attestation-report.ts';
import type { LaunchRecord } from '../record/launch-record.ts';
import type { AskedReport, ReceivedReport } from '../record/told-by-host.ts';

export type { AskedReport } from '../record/told-by-host.ts';

/** The latest requests that a record keeps. */
export const MAX_REPORTS = 16;

type WithReports = Pick<LaunchRecord, 'reports'>;

/** The record's requests with one more. The oldest go first; of those that were answered, the latest stays. */
export function withRequest({ reports = [] }: WithReports, request: AskedReport): readonly AskedReport[] {
  const answered = lastAnswer({ reports });
  const room = [...reports, request].slice(-MAX_REPORTS);
  return !answered || room.includes(answered) ? room : [answered, ...room.slice(1)];
}

/** The record's requests, with the answer to one of them. */
export const withAnswer = (
  { reports = [] }: WithReports,
  mnonce: Uint8Array,
  report: Uint8Array,
  receivedAt: number,
): readonly AskedReport[] =>
  reports.map((asked) => {
    if (!equalBytes(asked.mnonce, mnonce)) return asked;
    const { refused: _, ...request } = asked;
    return { ...request, report, receivedAt };
  });

/** The record's requests, one of them with a report that does not answer it. It goes on waiting, if it waited. */
export const withRefused = (
  { reports = [] }: WithReports,
  mnonce: Uint8Array,
  refused: ReceivedReport,
): readonly AskedReport[] => reports.map((asked) => (equalBytes(asked.mnonce, mnonce) ? { ...asked, refused } : asked));

/** What came last, with the request that it was held against. A refusal stands until there is another request or an answer. */
export function lastReceived(record: WithReports): (ReceivedReport & { readonly asked: AskedReport }) | undefined {
  const answer = lastAnswer(record);
  const requestedAt = record.reports?.at(-1)?.askedAt ?? 0;
  const answered = answer?.report && {
    asked: answer,
    report: answer.report,
    receivedAt: answer.receivedAt ?? answer.askedAt,
  };
  const refusals = (record.reports ?? []).flatMap((asked) => (asked.refused ? [{ ...asked.refused, asked }] : []));
  const fresh = refusals.filter(({ receivedAt }) => receivedAt >= Math.max(requestedAt, answered?.receivedAt ?? 0));
  return fresh.at(-1) ?? answered;
}

/** The request that is waited for: the latest one, unless it was answered. */
export function awaitedReport({ reports = [] }: WithReports): AskedReport | undefined {
  const last = reports.at(-1);
  return last?.report ? undefined : last;
}

/** The latest request that was answered. */
export const lastAnswer = ({ reports = [] }: WithReports): AskedReport | undefined =>
  reports.findLast(({ report }) => report !== undefined);

/** The request with this nonce. */
export const requestOf = ({ reports = [] }: WithReports, mnonce: Uint8Array): AskedReport | undefined =>
  reports.find((asked) => equalBytes(asked.mnonce, mnonce));

/** The nonce that a report claims to answer; of anything shorter, what there is. */
export const nonceIn = (report: Uint8Array): Uint8Array => report.subarray(0, REPORT_NONCE_SIZE);
