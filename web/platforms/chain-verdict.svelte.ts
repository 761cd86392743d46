// The verdict on a stored chain: always worked out anew, since a stored one could lie.
import { inspectChain } from '../workers/verify.ts';
import type { ProfileName } from '../profile/profile.ts';
import type { ChainView } from '../workers/chain-view.ts';
import { ownerOfChain } from './owner-pin.ts';

export class ChainVerdict {
  /** The owner's key of the chain that was checked. */
  ownerKey = $state.raw<string | undefined>();
  view = $state.raw<ChainView | undefined>();
  error = $state.raw<unknown>();
  readonly #profile: ProfileName;
  #chain: Uint8Array | undefined;

  constructor(profile: ProfileName) {
    this.#profile = profile;
  }

  async check(chain: Uint8Array | undefined): Promise<void> {
    if (chain === undefined || chain === this.#chain) return;
    this.#chain = chain;
    this.error = undefined;
    try {
      const view = await inspectChain(chain, this.#profile);
      const ownerKey = view.status === 'refused' ? undefined : await ownerOfChain(chain);
      if (this.#chain !== chain) return;
      this.view = view;
      this.ownerKey = ownerKey;
    } catch (error) {
      this.error = error;
    }
  }

  get trusted(): boolean {
    return this.view !== undefined && this.view.status !== 'refused';
  }

  get simulated(): boolean {
    return this.view?.status === 'simulated';
  }
}
