// What a paired owner can reach: the guests they launched, those that the operator shares, and their profiles. Everything
// else is as if it were not there.
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { array, object, string } from '../../shared/schema.ts';
import { inState, readIfThere, type StateFolder, writeWhole } from '../state/state.ts';
import { plain } from './log.ts';
import { PAIRING } from './words.ts';
import type { Pairing } from './pairing.ts';

const claimsFile = object({ claims: array(object({ guest: string(128), owner: string(64) }), 20_000) });

/** Which owner launched which guest; it outlives the relay, as the guests do. */
export class Claims {
  readonly #path: string;
  readonly #owners: Map<string, string>;

  /** @throws SevError RELAY_STATE */
  constructor(state: StateFolder) {
    this.#path = join(state.path, 'guest-owners.json');
    this.#owners = inState(this.#path, () => {
      const text = readIfThere(this.#path);
      if (text === undefined) return new Map<string, string>();
      try {
        const { claims } = claimsFile.parse(JSON.parse(text), 'claims');
        return new Map(claims.map(({ guest, owner }) => [guest, owner]));
      } catch (cause) {
        throw new SevError('RELAY_STATE', { at: this.#path, ...PAIRING.damagedClaims, cause });
      }
    });
  }

  ownerOf(guest: string): string | undefined {
    return this.#owners.get(guest);
  }

  claim(guest: string, owner: string): void {
    this.#owners.set(guest, owner);
    this.#write();
  }

  forget(guest: string): void {
    if (this.#owners.delete(guest)) this.#write();
  }

  #write(): void {
    const claims = [...this.#owners].map(([guest, owner]) => ({ guest, owner }));
    inState(this.#path, () => writeWhole(this.#path, `${JSON.stringify({ claims })}\n`));
  }
}

/** @param name the guest's, where it is known: pairings may name guests so too */
export function canReach({ name: owner, scope }: Pairing, claims: Claims, id: string, name?: string): boolean {
  if (scope.guests === 'all') return true;
  const launchedBy = claims.ownerOf(id);
  if (launchedBy === owner) return true;
  const known = [id, id.slice(id.indexOf(':') + 1), ...(name === undefined ? [] : [name])];
  if (scope.named?.some((one) => known.includes(one))) return true;
  return scope.guests === 'shared' && launchedBy === undefined;
}

export const mayLaunch = ({ scope }: Pairing, profile: string): boolean =>
  scope.profiles === undefined || scope.profiles.includes(profile);

/** @throws SevError RELAY_NO_GUEST, the same as for one that is not there: nothing is told of other owners' guests */
export function requireReach(pairing: Pairing, claims: Claims, id: string): void {
  if (!canReach(pairing, claims, id)) throw new SevError('RELAY_NO_GUEST', { at: plain(id) });
}
