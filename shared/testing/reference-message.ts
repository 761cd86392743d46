// The message on which the reference implementation's published vectors rest: numbers of xoshiro256**, seeded with a text.
import { encodeCbor } from '../airgap/cbor.ts';
import type { Ur } from '../airgap/ur.ts';
import { Xoshiro256 } from '../airgap/xoshiro.ts';
import { ascii } from '../bytes/text.ts';

export const referenceRandom = (seed: string): Xoshiro256 => new Xoshiro256(ascii(seed));

export function referenceMessage(length: number, seed = 'Wolf'): Uint8Array {
  const random = referenceRandom(seed);
  return Uint8Array.from({ length }, () => random.nextBelow(256));
}

/** The same as a byte string in CBOR, under the type that is meant for tests. */
export const referenceUr = (length: number, seed = 'Wolf'): Ur => ({
  type: 'bytes',
  payload: encodeCbor(referenceMessage(length, seed)),
});
