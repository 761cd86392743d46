// The verdict on a stored chain: always worked out anew, since a stored one could lie.
import { inspectChain } from '../workers/verify.ts';
import type { ChainView } from './chain-view.ts';

export class ChainVerdict {
  view = $state.raw<ChainView | undefined>();
  error = $state.raw<unknown>();
  #chain: Uint8Array | undefined;

  async check(chain: Uint8Array | undefined): Promise<void> {
    if (chain === undefined || chain === this.#chain) return;
    this.#chain = chain;
    this.error = undefined;
    try {
      const view = await inspectChain(chain);
      if (this.#chain === chain) this.view = view;
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
