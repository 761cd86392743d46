// Where a value that is expected came from. Only the guest owner says what is expected; what anybody
// else says is kept apart by its type, so that a claim cannot reach `expectLaunch` without having been confirmed.

/** Who can say something that the owner has not. `earlier-version`: this app, before it kept origins. */
export const CLAIMANTS = ['host', 'code', 'file', 'backup', 'earlier-version'] as const;
export type Claimant = (typeof CLAIMANTS)[number];

/**
 * `hashed-here`: the file itself was read on this device. `typed-here`: typed or chosen on this device, or a preset of
 * the app that the owner left as it was. `confirmed:…`: somebody claimed it, and the owner has confirmed it.
 */
export type OwnerOrigin = 'hashed-here' | 'typed-here' | `confirmed:${Claimant}`;

/** Said by another, and confirmed by nobody: it is shown and compared, and decides nothing. */
export type ClaimedOrigin = `claimed:${Claimant}`;

export type Origin = OwnerOrigin | ClaimedOrigin;

export const ORIGINS: readonly Origin[] = [
  'hashed-here',
  'typed-here',
  ...CLAIMANTS.flatMap((by) => [`confirmed:${by}`, `claimed:${by}`] as const),
];

export const isOwn = (origin: Origin): origin is OwnerOrigin => !origin.startsWith('claimed:');

export const isConfirmed = (origin: Origin): origin is `confirmed:${Claimant}` => origin.startsWith('confirmed:');

/** Who claimed it, whether it was confirmed since or not; undefined for what began here. */
export function claimantOf(origin: Origin): Claimant | undefined {
  const [, by] = origin.split(':');
  return by as Claimant | undefined;
}

export const claimedBy = <C extends Claimant>(by: C): `claimed:${C}` => `claimed:${by}`;

/** The origin after the owner has looked at the value and pressed the button that says so. */
export function confirmedOrigin(origin: Origin): OwnerOrigin {
  return isOwn(origin) ? origin : `confirmed:${claimantOf(origin)!}`;
}

/** The origin on another device, or after a restore: what began here is there what the carrier claims. */
export const carriedOrigin = (origin: Origin, by: Claimant): ClaimedOrigin => (isOwn(origin) ? claimedBy(by) : origin);

/** An origin that a stored record has; a record of before origins were kept is a claim of the earlier version. */
export const storedOrigin = (origin: Origin | undefined): Origin => origin ?? claimedBy('earlier-version');
