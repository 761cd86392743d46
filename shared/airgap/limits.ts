// What the air gap takes at most. Every count that arrives is held against these before anything is allocated.

/** A message on the wire, and the same inflated. The largest that is sent here, a chain or a secret packet, has 16 KiB. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

/** Fragments of one series: what the largest message needs on the smallest terminal. */
export const MAX_FRAGMENTS = 1024;

/** A part's number; senders begin anew before it, so that no frame outgrows its code. */
export const MAX_PART_NUMBER = 0xffff_ffff;

/** Series that are followed side by side, while it is unclear which of the codes in view is meant. */
export const MAX_SERIES = 4;
