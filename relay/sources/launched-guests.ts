// Guests that this relay started: a starter makes them, and the relay's own QMP client talks to each.
import { SevError } from '../../shared/errors.ts';
import type { Guest, Profile } from '../../shared/relay-protocol.ts';
import { type Log, plain } from '../serve/log.ts';
import { QmpGuests } from './qmp.ts';
import type {
  Configuration,
  GuestChange,
  GuestStarter,
  Launcher,
  LaunchRequest,
  Measurement,
  SecretPacketParams,
  StartedGuest,
} from './types.ts';

export class LaunchedGuests implements Launcher {
  readonly backend = 'launcher';
  readonly #starter: GuestStarter;
  readonly #guests: QmpGuests;
  readonly #started = new Map<string, StartedGuest>();

  private constructor(starter: GuestStarter, log: Log) {
    this.#starter = starter;
    this.#guests = new QmpGuests([], log, 'launcher');
  }

  /** Takes up what an earlier relay left running. */
  static async open(starter: GuestStarter, log: Log): Promise<LaunchedGuests> {
    const launcher = new LaunchedGuests(starter, log);
    for (const guest of await starter.adopt()) {
      launcher.#attach(guest);
      log.info(`launcher:${guest.name} runs since an earlier relay and is adopted`);
    }
    return launcher;
  }

  /** Names with a colon belong to others, such as libvirt. */
  launches(profile: string): boolean {
    return !profile.includes(':');
  }

  profiles(): Promise<readonly Profile[]> {
    return this.#starter.profiles();
  }

  async launch(request: LaunchRequest, claim?: (id: string) => void): Promise<string> {
    const id = this.#attach(await this.#starter.start(request));
    claim?.(id);
    await this.#guests.settled(id);
    return id;
  }

  owns(id: string): boolean {
    return this.#guests.owns(id);
  }

  async list(): Promise<readonly Guest[]> {
    const guests = await this.#guests.list();
    return guests.map((guest) => ({ ...guest, sev: guest.sev ?? this.#started.get(guest.id)?.sev ?? false }));
  }

  measurement(id: string): Promise<Measurement> {
    return this.#guests.measurement(id);
  }

  inject(id: string, packet: SecretPacketParams): Promise<void> {
    return this.#guests.inject(id, packet);
  }

  resume(id: string): Promise<void> {
    return this.#guests.resume(id);
  }

  report(id: string, mnonce: Uint8Array): Promise<Uint8Array> {
    return this.#guests.report(id, mnonce);
  }

  configuration(id: string): Promise<Configuration> {
    return Promise.resolve({ kind: 'qemu-arguments', text: this.#guest(id).configuration });
  }

  /** Ends the guest even where its monitor does not answer, and forgets it. */
  async destroy(id: string): Promise<void> {
    await this.#starter.destroy(this.#guest(id).name).catch((error: unknown) => {
      // Somebody cleared its folder away: there is nothing left to end.
      if (!(error instanceof SevError && error.code === 'RELAY_NO_GUEST')) throw error;
    });
    this.#guests.detach(id);
    this.#started.delete(id);
  }

  onChange(listener: (change: GuestChange) => void): () => void {
    return this.#guests.onChange(listener);
  }

  async close(): Promise<void> {
    await this.#guests.close();
    await this.#starter.close();
  }

  #attach(guest: StartedGuest): string {
    const id = this.#guests.attach(guest);
    this.#started.set(id, guest);
    return id;
  }

  #guest(id: string): StartedGuest {
    const guest = this.#started.get(id);
    if (guest === undefined) throw new SevError('RELAY_NO_GUEST', { at: plain(id) });
    return guest;
  }
}
