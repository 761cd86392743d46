// Wrong passphrases cost time: also after a reload, and in all tabs together. Nothing is lost by them.
// A thief with the profile's files guesses without this; against them stands the cost of each guess (kdf-settings.ts).
import { type Database, stored } from '../storage/database.ts';

/** Since the last right passphrase. */
export interface TriesRecord {
  readonly id: 'tries';
  readonly wrong: number;
  /** When the last one began. */
  readonly triedAt: number;
}

export interface Clock {
  now(): number;
  wait(ms: number): Promise<void>;
}

/** After so many wrong ones each further one waits, longer every time. */
const FREE_TRIES = 3;
const LONGEST_WAIT_MS = 30_000;
const DOUBLINGS = 5;

const delayAfter = (wrong: number): number =>
  wrong < FREE_TRIES ? 0 : Math.min(LONGEST_WAIT_MS, 1000 * 2 ** Math.min(DOUBLINGS, wrong - FREE_TRIES));

/**
 * Waits until the next try may begin, and counts it as wrong before it does: whoever closes the tab in its middle has
 * used it up.
 * @param onwait hears how long it takes
 */
export async function beginTry(database: Database, clock: Clock, onwait: (ms: number) => void): Promise<void> {
  for (;;) {
    const remaining = await stored(book(database, clock.now()));
    if (remaining === 0) return;
    onwait(remaining);
    await clock.wait(remaining);
  }
}

/** The passphrase was right. */
export const endTries = (database: Database): Promise<void> => stored(database.delete('vault', 'tries'));

/** @returns 0 when the try is booked, or how many milliseconds are left to wait; both in one transaction */
async function book(database: Database, now: number): Promise<number> {
  const transaction = database.transaction('vault', 'readwrite');
  const found = await transaction.store.get('tries');
  const { wrong, triedAt }: TriesRecord = found?.id === 'tries' ? found : { id: 'tries', wrong: 0, triedAt: 0 };
  // A clock that was set back begins the wait anew from now, once: it neither ends it nor makes it endless.
  const begun = Math.min(triedAt, now);
  const remaining = begun + delayAfter(wrong) - now;
  const next = remaining > 0 ? { wrong, triedAt: begun } : { wrong: wrong + 1, triedAt: now };
  await transaction.store.put({ id: 'tries', ...next });
  await transaction.done;
  return Math.max(0, remaining);
}
