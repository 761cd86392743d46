// One launch from “who is this platform?” to “running, with my secret in it”, as it is kept.
import { SevError } from '../../../shared/errors.ts';
import type { GuestState } from '../../../shared/relay-protocol.ts';
import type { StoredLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import type { Revised } from '../../storage/revised.ts';
import type { Plan } from '../sev/plan/plan.ts';
import type { Judged } from './judged.ts';
import type { FinalCheckId, LaunchEvent, LaunchState } from './launch-words.ts';
import type { AskedReport, Reported } from './told-by-host.ts';

export type { LaunchEvent, LaunchState } from './launch-words.ts';
export type { Reported } from './told-by-host.ts';

declare module '../../storage/database.ts' {
  interface Stores {
    launches: { key: string; value: LaunchRecord; indexes: { updatedAt: number } };
  }
}

export interface HistoryEntry {
  readonly at: number;
  readonly event: LaunchEvent;
  /** A name or a number that belongs to it; never a secret. */
  readonly detail?: string;
}

export interface LaunchRecord extends Revised {
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Its place among all launches: larger after every change, whatever the clock did. Older records have none. */
  readonly order?: number;
  readonly state: LaunchState;
  readonly platformId: string;
  readonly platformName: string;
  /** The chain that the session is for, as it was verified. */
  readonly chain: Uint8Array;
  readonly relayUrl?: string;
  readonly plan: Plan;
  readonly session?: StoredLaunchSession & { readonly id: string };
  readonly guest?: { readonly id: string; readonly name: string };
  readonly guestState?: GuestState;
  readonly reported?: Reported;
  /** The latest verdict: only history. Nothing is released on it. */
  readonly judged?: Judged;
  /** What the guest owner found inside the running guest. */
  readonly finalChecks?: readonly FinalCheckId[];
  /** Attestation reports that were asked for, the latest last. */
  readonly reports?: readonly AskedReport[];
  readonly history: readonly HistoryEntry[];
}

/** Whether the record says that something happened. */
export const happened = (record: LaunchRecord, event: LaunchEvent): boolean =>
  record.history.some((entry) => entry.event === event);

/**
 * Holds a step to where the launch stands: another tab may have gone on in the meantime.
 * @throws SevError VAULT_CONFLICT
 */
export function requireState(record: LaunchRecord, ...states: readonly LaunchState[]): void {
  if (!states.includes(record.state)) throw new SevError('VAULT_CONFLICT');
}

/** The record after something happened. */
export function after(
  record: LaunchRecord,
  event: LaunchEvent,
  change: Partial<LaunchRecord> = {},
  detail?: string,
): LaunchRecord {
  const at = Date.now();
  const entry: HistoryEntry = { at, event, ...(detail !== undefined && { detail }) };
  return { ...record, ...change, updatedAt: at, history: [...record.history, entry] };
}

/** Nothing that is expected can matter any more: the secret was handed over, or never will be. */
export const isOver = ({ state }: LaunchRecord): boolean =>
  state === 'released' || state === 'running' || state === 'abandoned';

/** Still on its way: neither running nor given up. */
export const isUnderWay = ({ state }: LaunchRecord): boolean => state !== 'running' && state !== 'abandoned';
