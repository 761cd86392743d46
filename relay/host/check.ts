// One check of a host: what it looks at, what it needs first, and what its answer means for SEV and SEV-ES.
import type { HostCheck } from '../../shared/relay-protocol.ts';
import type { Distribution } from './distribution.ts';
import type { HostReadings } from './readings.ts';

export type Answer = Omit<HostCheck, 'id' | 'name'>;

/** What a failure rules out; `nothing` for what is good to know. */
export type Needed = 'sev' | 'sev-es' | 'nothing';

export interface Look {
  readonly host: HostReadings;
  readonly distribution: Distribution;
  /** The device to look at. */
  readonly sev: string;
}

export interface Check {
  readonly id: string;
  readonly name: string;
  readonly needed: Needed;
  /** Checks that must not have failed, or this one is skipped. */
  readonly after?: readonly string[];
  look(look: Look): Answer | Promise<Answer>;
}

const bounded = (text: string, max: number): string => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

export const pass = (message: string): Answer => ({ status: 'pass', message: bounded(message, 1024) });
export const skip = (message: string): Answer => ({ status: 'skip', message: bounded(message, 1024) });
export const warn = (message: string, fix: string): Answer => withFix('warn', message, fix);
export const fail = (message: string, fix: string): Answer => withFix('fail', message, fix);

const withFix = (status: 'warn' | 'fail', message: string, fix: string): Answer => ({
  status,
  message: bounded(message, 1024),
  fix: bounded(fix, 2048),
});

/** Compares dotted versions: whether `version` is at least `least`. */
export function versionAtLeast(version: string, least: string): boolean {
  const parts = (text: string): number[] => text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [own, wanted] = [parts(version), parts(least)];
  for (const [i, part] of wanted.entries()) if ((own[i] ?? 0) !== part) return (own[i] ?? 0) > part;
  return true;
}
