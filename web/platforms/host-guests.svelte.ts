// The guests that a relay sees on its host, kept true by its notifications.
import { Work } from '../work.svelte.ts';
import type { Guest } from '../../shared/relay-protocol.ts';
import type { Relay } from '../relay/relays.svelte.ts';

export class HostGuests extends Work {
  list = $state.raw<readonly Guest[]>([]);
  readonly #relay: Relay;

  constructor(relay: Relay) {
    super();
    this.#relay = relay;
  }

  /** Asks for the list, and goes on hearing of changes until the returned function is called. */
  watch(): () => void {
    void this.#look();
    return this.#relay.connection.on('guest.changed', ({ id, state }) => {
      if (this.list.some((guest) => guest.id === id)) {
        this.list = this.list.map((guest) => (guest.id === id ? { ...guest, state } : guest));
      } else void this.#look();
    });
  }

  /** Lets a guest run that has nothing to verify. An SEV guest is continued from its launch alone. */
  async resume(guest: Guest): Promise<void> {
    if (guest.sev !== false) return;
    await this.attempt(undefined, () => this.#relay.connection.ask('guest.resume', { id: guest.id }));
    await this.#look();
  }

  #look(): Promise<void> {
    return this.attempt(undefined, async () => {
      this.list = await this.#relay.connection.ask('guest.list', {});
    });
  }
}
