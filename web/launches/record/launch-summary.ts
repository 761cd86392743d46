// What a list shows of a launch, and what a search looks into: the record without its chain, session and history.
import { toHex } from '../../../shared/bytes/text.ts';
import type { GuestState } from '../../../shared/relay-protocol.ts';
import { happened, type LaunchRecord, type LaunchState } from './launch-record.ts';

declare module '../../storage/database.ts' {
  interface Stores {
    /** What the list of launches shows of each: a record carries its chain, and thousands of chains are slow to read. */
    launchIndex: { key: string; value: LaunchSummary };
  }
}

export interface LaunchSummary {
  readonly id: string;
  readonly revision: number;
  readonly name: string;
  readonly updatedAt: number;
  readonly order?: number;
  readonly state: LaunchState;
  readonly platformId: string;
  readonly platformName: string;
  readonly policy: number;
  /** A secret was sealed, and nobody said that it arrived. */
  readonly sealed: boolean;
  readonly guestState?: GuestState;
  readonly sessionId?: string;
  /** For the doctor, which tries the command lines of other launches. */
  readonly cmdline?: string;
  /** In hex, of the attestation reports that it asked for: by them a report finds its launch. */
  readonly nonces?: readonly string[];
}

export function summaryOf(record: LaunchRecord): LaunchSummary {
  const { id, revision, name, updatedAt, order, state, platformId, platformName, plan, guestState, session, reports } =
    record;
  const cmdline = plan.kernel?.cmdline;
  return {
    ...{ id, revision, name, updatedAt, state, platformId, platformName, policy: plan.policy },
    ...(order !== undefined && { order }),
    sealed: state === 'verified' && happened(record, 'sealed'),
    ...(guestState && { guestState }),
    ...(session && { sessionId: session.id }),
    ...(cmdline && { cmdline }),
    ...(reports && { nonces: reports.map(({ mnonce }) => toHex(mnonce)) }),
  };
}

/** Later changes come first. A clock that was put back moves nothing that was changed since to the end. */
export const newestFirst = (a: LaunchSummary, b: LaunchSummary): number => orderOf(b) - orderOf(a);

/** Milliseconds, or one more than the latest change had. */
export const orderOf = ({ order, updatedAt }: Pick<LaunchSummary, 'order' | 'updatedAt'>): number => order ?? updatedAt;

/** The host holds a paused guest until somebody decides, or refused to: a person should look. */
export const needsAttention = ({ state }: Pick<LaunchSummary, 'state'>): boolean =>
  state === 'launched' || state === 'mismatch' || state === 'verified' || state === 'released';
