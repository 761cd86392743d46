/**
 * Doubles from half a second to thirty, with a fifth of jitter, so that many pages do not come back at once.
 * @param attempt 0 for the first wait
 * @param random from 0 to 1
 */
export declare function backoffMs(attempt: number, random: number): number;
