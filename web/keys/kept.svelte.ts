// A list of what the vault keeps, as the screen sees it: read when it is looked at, and anew when any tab changes it.
import { onChange } from '../storage/records.ts';

export class Kept<T> {
  /** Undefined until it was read. */
  list = $state.raw<readonly T[] | undefined>();
  readonly #store: 'secrets' | 'ownerKeys';
  readonly #read: () => Promise<readonly T[]>;

  constructor(store: 'secrets' | 'ownerKeys', read: () => Promise<readonly T[]>) {
    this.#store = store;
    this.#read = read;
  }

  /** @returns the way to stop */
  watch(): () => void {
    const load = async (): Promise<void> => void (this.list = await this.#read());
    void load();
    return onChange(this.#store, () => void load());
  }
}
