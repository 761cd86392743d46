// The four hand-overs of a launch, in their order, and the way that each goes.

export const HAND_OVERS = ['chain', 'session', 'measurement', 'secret'] as const;
export type HandOver = (typeof HAND_OVERS)[number];

/** Where the courier can be: at one of the four, or afterwards, if ever, at an attestation report. */
export type Stop = HandOver | 'report';

export type HandOverStatus = 'done' | 'now' | 'ahead';

/** Chain and measurement go to the guest owner, and are shown; session and secret come back, and are scanned. */
export const goesToGuestOwner = (name: HandOver): boolean => name === 'chain' || name === 'measurement';

/** One hand-over, as the picture of all of them draws it. */
export interface Leg {
  readonly name: string;
  /** What is carried, in a word or two. */
  readonly what: string;
  /** It comes from the host; the others go to it. */
  readonly fromHost: boolean;
  readonly status: HandOverStatus;
}
