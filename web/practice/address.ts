// Where things are within practice: the app's own places, one level deeper.
import { address } from '../navigation.svelte.ts';

/** Places of the app that practice has as well, each with the id of one record. */
const OF_ONE = /^#\/(?:launches|platforms)\/[^/]+$/;

export const LAB = `${address.practice}/lab`;

/** The place within practice that an address of the app stands for there; what practice lacks leads to its beginning. */
export function practiceAddress(to: string): string {
  if (to.startsWith(address.practice)) return to;
  return OF_ONE.test(to) ? to.replace('#/', `${address.practice}/`) : address.practice;
}
