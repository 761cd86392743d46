// The hand-overs by which an offline platform owner takes a platform over, in their order, and the way that each goes.

export const OWNER_HAND_OVERS = ['chain', 'request', 'signed', 'proof'] as const;
export type OwnerHandOver = (typeof OWNER_HAND_OVERS)[number];

/** Only the signed PEK comes back, and is scanned; the others are shown to the owner. */
export const goesToOwner = (name: OwnerHandOver): boolean => name !== 'signed';
