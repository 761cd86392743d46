// How long to wait before the next try to reach a relay.

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * Doubles from half a second to thirty, with a fifth of jitter, so that many pages do not come back at once.
 * @param attempt 0 for the first wait
 * @param random from 0 to 1
 */
export function backoffMs(attempt: number, random: number): number {
  const even = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(even * (0.8 + 0.4 * random));
}
