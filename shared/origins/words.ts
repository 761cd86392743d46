// What people read about where a value came from.
import { claimantOf, type Claimant, isConfirmed, isOwn, type Origin } from './origin.ts';

const CLAIMANTS: Readonly<Record<Claimant, string>> = {
  host: 'the host',
  code: 'a code',
  file: 'an imported file',
  backup: 'a backup',
  'earlier-version': 'an earlier version of this app',
};

/** In a few words, as beside a name: “read on this device”. */
export function originWords(origin: Origin): string {
  if (origin === 'hashed-here') return 'read on this device';
  if (origin === 'typed-here') return 'entered on this device';
  const by = CLAIMANTS[claimantOf(origin)!];
  return isConfirmed(origin) ? `claimed by ${by}, confirmed by you` : `claimed by ${by}, not confirmed`;
}

/** The parts of a launch that have an origin of their own. */
export const PART_WORDS = {
  image: 'guest image',
  kernel: 'kernel',
  initrd: 'initrd',
  cmdline: 'command line',
  cpus: 'virtual CPUs',
  policy: 'policy',
  floor: 'oldest firmware',
} as const;
export type Part = keyof typeof PART_WORDS;

export const claimedWords = (parts: readonly Part[]) => ({
  sentence: `${listed(parts)} ${parts.length === 1 ? 'was' : 'were'} claimed by someone else, and you have not confirmed ${parts.length === 1 ? 'it' : 'them'}.`,
  next: 'Confirm what you recognize as yours, or choose the file again so that it is read on this device.',
});

export const confirmedWords = (part: Part, origin: Origin) => ({
  sentence: `The ${PART_WORDS[part]} was ${originWords(origin)}.`,
});

export const NOT_OWN = {
  sentence: 'This expectation did not come from the guest owner.',
  next: 'Say what you expect from your own files, on this device.',
};

const listed = (parts: readonly Part[]): string => {
  const names = parts.map((part) => PART_WORDS[part]);
  const text = `The ${names.join(' and the ')}`;
  return text;
};

/** Whether all of these can decide, for screens that only ask that. */
export const allOwn = (origins: readonly Origin[]): boolean => origins.every(isOwn);
