// One check of a host: what it looks at, what it needs first, and what its answer means for SEV and SEV-ES.
import type { HostCheck } from '../../shared/relay-protocol.ts';
import type { Distribution } from './distribution.ts';
import type { HostFacts } from './host-facts.ts';
import type { HostReadings } from './readings.ts';
import { type Said, SAY } from './words.ts';

export type Answer = Omit<HostCheck, 'id' | 'name'>;

/** What a failure rules out; `nothing` for what is good to know. */
export type Needed = 'sev' | 'sev-es' | 'nothing';

export interface Look {
  readonly host: HostReadings;
  readonly distribution: Distribution;
  /** The device to look at. */
  readonly sev: string;
  readonly facts: HostFacts;
  /** The name of the first of these checks that failed, or that was skipped because of one that did. */
  readonly blockedBy: (...ids: readonly string[]) => string | undefined;
}

export interface Check {
  readonly id: string;
  readonly name: string;
  readonly needed: Needed;
  /** Checks that must not have failed, or this one is skipped. */
  readonly after?: readonly string[];
  readonly look: (look: Look) => Answer | Promise<Answer>;
}

const bounded = (text: string, max: number): string => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

const answer =
  (status: HostCheck['status']) =>
  ({ message, fix }: Said): Answer => ({
    status,
    message: bounded(message, 1024),
    ...((status === 'fail' || status === 'warn') && { fix: bounded(fix ?? '', 2048) }),
  });

export const pass = answer('pass');
export const skip = answer('skip');
export const warn = answer('warn');
export const fail = answer('fail');

/** What another line has said already. */
export const follows = (cause: string): Answer => skip(SAY.follows(cause));

/** Compares dotted versions: whether `version` is at least `least`. */
export function versionAtLeast(version: string, least: string): boolean {
  const parts = (text: string): number[] => text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [own, wanted] = [parts(version), parts(least)];
  for (const [i, part] of wanted.entries()) if ((own[i] ?? 0) !== part) return (own[i] ?? 0) > part;
  return true;
}
