// Whether a relay has said what became of a request, or whether it may still be under way.
import { isSevError } from '../ui/is-sev-error.ts';

/** No answer, or none that can be read: what was asked for may have been done all the same. */
const UNANSWERED: ReadonlySet<string> = new Set(['RELAY_LOST', 'RELAY_TIMEOUT', 'RELAY_PROTOCOL', 'RELAY_UNREACHABLE']);

/** The relay, or the AMD-SP behind it, refused: nothing was done. */
export const wasAnswered = (error: unknown): boolean => isSevError(error) && !UNANSWERED.has(error.code);

/** A question at the relay's terminal stands for a minute; half of one is given to slow lines and clocks. */
const QUESTION_MS = 90_000;

/** Whether the operator may still be about to allow what was asked for. A clock that was set back asks for patience too. */
export const mayStillBeAsked = (askedAt: number, now: number): boolean => now - askedAt < QUESTION_MS;
