// The places of a relay: few for those who have not paired, who give way to each other and never to the paired; the others
// are for the paired alone. Silent clients, and those that guess, keep nobody out.
import type { Client } from './client.ts';

export interface PlaceLimits {
  /** Clients that have paired. */
  readonly paired: number;
  /** Of these, the most that one pairing may have at once. */
  readonly ofOnePairing: number;
  /** Clients that have not said who they are yet. */
  readonly unpaired: number;
  /** Of these, the most of one address: over `ssh -L` all users share one. */
  readonly unpairedOfOneAddress: number;
}

export const PLACE_LIMITS: PlaceLimits = { paired: 256, ofOnePairing: 64, unpaired: 256, unpairedOfOneAddress: 128 };

export class Places {
  readonly #limits: PlaceLimits;
  /** Every client with its address, in the order in which they came. */
  readonly #addresses = new Map<Client, string>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get clients(): readonly Client[] {
    return [...this.#addresses.keys()];
  }

  /** Gives a new client a place; where there is none, the one that has waited longest without pairing loses its own. */
  take(client: Client, address: string): void {
    this.#addresses.set(client, address);
    const unpaired = [...this.#addresses].filter(([{ pairing }]) => pairing === undefined);
    const here = unpaired.filter(([, other]) => other === address);
    const { unpaired: most, unpairedOfOneAddress } = this.#limits;
    if (here.length > unpairedOfOneAddress) this.#evict(here[0]?.[0]);
    else if (unpaired.length > most) this.#evict(busiest(unpaired)?.[0]);
  }

  leave(client: Client): void {
    this.#addresses.delete(client);
  }

  #evict(client: Client | undefined): void {
    if (!client) return;
    this.leave(client);
    client.evict();
  }
}

/** The oldest client of the address that has the most: who takes many places gives way first. */
function busiest(unpaired: readonly (readonly [Client, string])[]): readonly [Client, string] | undefined {
  const counts = new Map<string, number>();
  for (const [, address] of unpaired) counts.set(address, (counts.get(address) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return unpaired.find(([, address]) => counts.get(address) === most);
}
