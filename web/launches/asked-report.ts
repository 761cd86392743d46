// Attestation reports in a launch's record: each was asked for under a nonce of its own, and answers only that.
import { equalBytes } from '../../shared/bytes/equal.ts';
import { REPORT_NONCE_SIZE } from '../../shared/formats/attestation-report.ts';
import type { LaunchRecord } from './launch-record.ts';

/** A request, and the report that answered it: signed by the platform for this nonce. What it proves is worked out anew. */
export interface AskedReport {
  /** 16 bytes, fresh. */
  readonly mnonce: Uint8Array;
  readonly askedAt: number;
  /** 208 bytes as they came; missing while the request waits. */
  readonly report?: Uint8Array;
  readonly receivedAt?: number;
}

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
  reports.map((asked) => (equalBytes(asked.mnonce, mnonce) ? { ...asked, report, receivedAt } : asked));

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
