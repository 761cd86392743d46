// Where a value that is expected came from. docs/rules.md, rule 11: only the guest owner says what is expected.

/** Who can say something that the owner has not. */
export type Claimant = 'host' | 'code' | 'file' | 'backup' | 'earlier-version';

/** `confirmed:…`: someone claimed it, and the owner has confirmed it. */
export type OwnerOrigin = 'hashed-here' | 'typed-here' | `confirmed:${Claimant}`;

/** Shown and compared, but decides nothing. */
export type ClaimedOrigin = `claimed:${Claimant}`;

export type Origin = OwnerOrigin | ClaimedOrigin;

export const isOwn = (origin: Origin): origin is OwnerOrigin => !origin.startsWith('claimed:');
