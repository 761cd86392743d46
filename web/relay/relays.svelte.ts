// The relays that this device is paired with, each with its live connection.
import { type Database, stored } from '../storage/database.ts';
import { BROWSER, type ConnectionState, RelayConnection, type Surroundings } from './connection.ts';
import { type Pairing, relayName } from './pairing.ts';

export class Relay {
  readonly pairing: Pairing;
  readonly connection: RelayConnection;
  readonly name: string;
  state = $state.raw<ConnectionState>({ name: 'stopped' });
  /** Whether a person pressed a button that named this host. Only then does the app connect to it by itself. */
  confirmed = $state.raw(true);

  constructor(pairing: Pairing, around: Surroundings, confirmed = true) {
    this.confirmed = confirmed;
    this.pairing = pairing;
    this.name = relayName(pairing.url);
    this.connection = new RelayConnection(pairing, around);
    this.connection.watch((state) => (this.state = state));
  }

  get open(): boolean {
    return this.state.name === 'open';
  }

  get simulated(): boolean {
    return this.state.name === 'open' && this.state.hello.simulated;
  }
}

/** A page that remembers many hosts still opens only a few sockets by itself. */
const MAX_CONNECTED_AT_START = 8;

export class Relays {
  list = $state.raw<readonly Relay[]>([]);
  readonly #database: Database;
  readonly #around: Surroundings;

  /** @param around how sockets are opened: practice has its own way */
  constructor(database: Database, around: Surroundings = BROWSER) {
    this.#database = database;
    this.#around = around;
    addEventListener('online', () => {
      for (const { connection, state } of this.list) if (state.name === 'waiting') connection.start();
    });
  }

  /** Reads the relays that were paired before, and connects to those paired last by a person's own press. */
  async load(): Promise<void> {
    const records = await stored(this.#database.getAll('relays'));
    records.sort((a, b) => b.pairedAt - a.pairedAt);
    const unknown = records.filter(({ url }) => this.find(url) === undefined);
    const loaded = unknown.map(({ url, code, confirmed = false }) => new Relay({ url, code }, this.#around, confirmed));
    this.list = [...this.list, ...loaded];
    const kept = loaded.filter(({ confirmed }) => confirmed);
    for (const { connection } of kept.slice(0, MAX_CONNECTED_AT_START)) connection.start();
  }

  find(url: string | undefined): Relay | undefined {
    return this.list.find((relay) => relay.pairing.url === url);
  }

  /**
   * Connects to a relay whose host a person has just confirmed: links and codes only fill in a form. One that is known by another code is left alone until the new code is taken: whoever holds up a
   * code of a relay ends no connection that works.
   */
  pair(pairing: Pairing): Relay {
    const known = this.find(pairing.url);
    if (known?.pairing.code === pairing.code) {
      known.confirmed = true;
      known.connection.start();
      return known;
    }
    const relay = new Relay(pairing, this.#around);
    relay.connection.start();
    if (known?.open) this.#tryBeside(known, relay);
    else this.#replace(known, relay);
    return relay;
  }

  #replace(gone: Relay | undefined, by: Relay): void {
    gone?.connection.stop();
    this.list = [by, ...this.list.filter((other) => other !== gone)];
  }

  #tryBeside(known: Relay, relay: Relay): void {
    const stop = relay.connection.watch(({ name }) => {
      if (name === 'connecting') return;
      if (name === 'open') this.#replace(known, relay);
      else if (name === 'waiting') relay.connection.stop();
      queueMicrotask(() => stop());
    });
  }

  /** Keeps a relay that took its code, for the next time; one that refused it is forgotten with this page. */
  async remember({ pairing }: Relay): Promise<void> {
    await stored(this.#database.put('relays', { ...pairing, pairedAt: Date.now(), confirmed: true }));
  }

  /** A pairing from before hosts were confirmed: this press does it. */
  async confirm(relay: Relay): Promise<void> {
    relay.confirmed = true;
    relay.connection.start();
    await this.remember(relay);
  }

  async forget(relay: Relay): Promise<void> {
    relay.connection.stop();
    this.list = this.list.filter((other) => other !== relay);
    await stored(this.#database.delete('relays', relay.pairing.url));
  }
}

/** Waits until the relay is connected, or for the reason why it is not. */
export async function untilOpen(relay: Relay): Promise<void> {
  let stop = (): void => undefined;
  const opened = new Promise<void>((resolve, reject) => {
    stop = relay.connection.watch((state) => {
      if (state.name === 'open') resolve();
      else if (state.name !== 'connecting' && state.error) reject(state.error);
    });
  });
  return opened.finally(() => stop());
}
