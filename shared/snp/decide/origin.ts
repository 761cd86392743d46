// Where a value that is expected came from: the same words as in the other wing.
export { type ClaimedOrigin, type Claimant, isOwn, type Origin, type OwnerOrigin } from '../../origins/origin.ts';
