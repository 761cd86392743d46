// Carrying one launch between a relay and a guest owner who is offline. Nothing of it outlives the page, and nothing is judged:
// what is carried is public or sealed, and both ends make sure of it themselves.
import { launchable, withoutLauncher } from '../relay/guests.ts';
import type { CarryingRelay } from '../relay/carrying-relay.ts';
import {
  type AirgapMessage,
  expectMessage,
  type MessageKind,
  type OfKind,
  sessionTag,
} from '../../shared/airgap/index.ts';
import { toHex } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';
import { parsePolicy } from '../../shared/sev/formats/policy.ts';
import type { Guest, Profile } from '../../shared/relay-protocol.ts';
import { courier } from '../strings/courier.ts';
import { HAND_OVERS, type HandOver, type HandOverStatus, type Stop } from './hand-overs.ts';
import { ReportErrand } from './report-errand.svelte.ts';
import { Work } from '../work.svelte.ts';

export class CourierTask extends Work {
  readonly relay: CarryingRelay;
  readonly report: ReportErrand;
  at = $state.raw<Stop>('chain');
  chain = $state.raw<OfKind<'chain'> | undefined>();
  offer = $state.raw<OfKind<'launch'> | undefined>();
  profiles = $state.raw<readonly Profile[] | undefined>();
  guests = $state.raw<readonly Guest[] | undefined>();
  /** The relay's id of the guest that all this is about. */
  guest = $state.raw<string | undefined>();
  measurement = $state.raw<OfKind<'measurement'> | undefined>();
  packet = $state.raw<OfKind<'secret'> | undefined>();
  released = $state.raw(false);
  running = $state.raw(false);
  #done = $state.raw<readonly Stop[]>([]);
  /** Of the session that this page launched with; unknown for a guest that was started otherwise. */
  #session = $state.raw<Uint8Array | undefined>();

  /** It was launched or chosen here; else a packet named it. */
  #guestChosen = false;

  constructor(relay: CarryingRelay) {
    super();
    this.relay = relay;
    this.report = new ReportErrand(relay, (doing, work) => this.attempt(doing, work));
  }

  status(name: Stop): HandOverStatus {
    if (this.at === name && (name === 'report' || !this.running)) return 'now';
    return this.#done.includes(name) ? 'done' : 'ahead';
  }

  /** Any hand-over can be gone to: the page may have been opened anew in the middle of a launch. */
  go(name: Stop): void {
    this.error = undefined;
    this.at = name;
  }

  /** The person says that the code which is shown was scanned. */
  shown(): void {
    if (this.at !== 'report') this.#finish(this.at);
  }

  /** The same of the attestation report, after which nothing comes. */
  reportShown(): void {
    this.#done = [...this.#done, 'report'];
  }

  askChain(): Promise<void> {
    return this.attempt(courier.chainAsking(this.relay.name), async () => {
      const { ask, ark, ...own } = await this.relay.connection.ask('platform.certificates', {});
      this.chain = { kind: 'chain', ...own, ...(ask && { ask }), ...(ark && { ark }) };
    });
  }

  /** @throws SevError BYTES_SWAPPED, BYTES_RESERVED when it is something else, or asks for a policy that there is none of */
  takeOffer(message: AirgapMessage): void {
    const offer = expectMessage(message, { kinds: ['launch'] });
    parsePolicy(offer.policy);
    this.offer = offer;
  }

  /** Takes what was scanned on another screen, and goes to where it is handed over. */
  takeBrought(message: AirgapMessage): Promise<void> {
    this.go(STOPS[message.kind] ?? 'secret');
    return this.attempt(undefined, async () => {
      await Promise.resolve();
      if (message.kind === 'launch') this.takeOffer(message);
      else if (message.kind === 'report-request') this.report.take(message, this.guest);
      else this.takePacket(message);
    });
  }

  askProfiles(): Promise<void> {
    return this.attempt(undefined, async () => {
      this.profiles = await this.relay.connection.ask('guest.profiles', {}).catch(withoutLauncher);
    });
  }

  launch({ name }: Pick<Profile, 'name'>): Promise<void> {
    return this.attempt(courier.measuring(this.relay.name), async () => {
      const { offer } = this;
      if (!offer) return;
      const { policy, godh, session } = offer;
      const { id } = await this.relay.connection.ask('guest.launch', { profile: name, policy, dhCert: godh, session });
      this.#session = sessionTag(session);
      this.guest = id;
      this.#guestChosen = true;
      this.measurement = this.packet = undefined;
      this.released = this.running = false;
      this.#finish('session');
      await this.#measure(id);
    });
  }

  askGuests(): Promise<void> {
    return this.attempt(undefined, async () => {
      const guests = await this.relay.connection.ask('guest.list', {});
      this.guests = launchable(guests);
    });
  }

  /** Goes on with a guest that this page did not start: which session it has is not known here. */
  async chooseGuest(id: string): Promise<void> {
    this.guest = id;
    this.#guestChosen = true;
    this.#session = undefined;
    await this.askMeasurement();
  }

  askMeasurement(): Promise<void> {
    return this.attempt(courier.measuring(this.relay.name), async () => {
      if (this.guest !== undefined) await this.#measure(this.guest);
    });
  }

  /** @throws SevError BYTES_SWAPPED, MEASURE_OTHER_SESSION when it is something else, or for another launch */
  takePacket(message: AirgapMessage): void {
    const session = this.#session && toHex(this.#session);
    const packet = expectMessage(message, { kinds: ['secret'], session });
    // Where only another packet named the guest, this one may name its own.
    const guest = (this.#guestChosen ? this.guest : undefined) ?? packet.guest;
    if (guest === undefined) throw otherGuest(courier.otherGuestUnknown, courier.otherGuestUnknownNext);
    if (packet.guest !== undefined && packet.guest !== guest) {
      throw otherGuest(courier.otherGuest(packet.guest), courier.otherGuestNext);
    }
    this.guest = guest;
    this.packet = packet;
  }

  inject(): Promise<void> {
    return this.attempt(courier.injecting(this.relay.name), async () => {
      const { guest, packet } = this;
      if (!packet || guest === undefined) return;
      const { header, payload, gpa } = packet;
      const asked = { id: guest, header, secret: payload, ...(gpa !== undefined && { gpa }) };
      await this.relay.connection.ask('guest.inject', asked);
      this.released = true;
    });
  }

  resume(): Promise<void> {
    return this.attempt(courier.resuming, async () => {
      if (this.guest === undefined) return;
      await this.relay.connection.ask('guest.resume', { id: this.guest });
      this.running = true;
      this.#finish('secret');
    });
  }

  async #measure(guest: string): Promise<void> {
    const { state: _, handle, ...facts } = await this.relay.connection.ask('guest.measurement', { id: guest });
    this.measurement = {
      ...{ kind: 'measurement', ...facts, guest },
      ...(handle !== undefined && { handle }),
      ...(this.#session && { session: this.#session }),
    };
  }

  #finish(name: HandOver): void {
    this.#done = [...this.#done, name];
    const next = HAND_OVERS[HAND_OVERS.indexOf(name) + 1];
    if (next) this.go(next);
  }
}

/** Where what is scanned on another screen is handed over. */
const STOPS: Readonly<Partial<Record<MessageKind, Stop>>> = { launch: 'session', 'report-request': 'report' };

const otherGuest = (sentence: string, next: string): SevError =>
  new SevError('MEASURE_OTHER_SESSION', { sentence, next });
