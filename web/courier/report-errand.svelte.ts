// Afterwards, and only where the guest owner asks: a request for an attestation report goes to the host, its report comes back.
// Nothing is judged here: the report is signed, and names the nonce that it answers.
import { launchable } from '../relay/guests.ts';
import { type AirgapMessage, expectMessage, type OfKind } from '../../shared/airgap/index.ts';
import type { Guest } from '../../shared/relay-protocol.ts';
import { courier } from '../strings/courier.ts';
import type { CarryingRelay } from '../relay/carrying-relay.ts';

/** The courier's way of taking a step: what is going on is said, and what goes wrong is kept for the screen. */
type Attempt = (doing: string | undefined, work: () => Promise<void>) => Promise<void>;

export class ReportErrand {
  request = $state.raw<OfKind<'report-request'> | undefined>();
  /** The relay's id of the guest; the request names it, where the guest owner knows it. */
  guest = $state.raw<string | undefined>();
  guests = $state.raw<readonly Guest[] | undefined>();
  report = $state.raw<OfKind<'report'> | undefined>();
  readonly #relay: CarryingRelay;
  readonly #attempt: Attempt;

  constructor(relay: CarryingRelay, attempt: Attempt) {
    this.#relay = relay;
    this.#attempt = attempt;
  }

  /**
   * @param carried the guest of the launch that was carried before, if one was
   * @throws SevError BYTES_SWAPPED when it is something else
   */
  take(message: AirgapMessage, carried?: string): void {
    this.request = expectMessage(message, { kinds: ['report-request'] });
    this.guest = this.request.guest ?? carried;
    this.report = undefined;
  }

  lookForGuests(): Promise<void> {
    return this.#attempt(undefined, async () => {
      const guests = await this.#relay.connection.ask('guest.list', {});
      this.guests = launchable(guests);
    });
  }

  choose(guest: string): Promise<void> {
    this.guest = guest;
    return this.ask();
  }

  ask(): Promise<void> {
    return this.#attempt(courier.reportAsking(this.#relay.name), async () => {
      const { guest, request } = this;
      if (!request || guest === undefined) return;
      const { mnonce, session } = request;
      const { report } = await this.#relay.connection.ask('guest.report', { id: guest, mnonce });
      this.report = { kind: 'report', report, guest, ...(session && { session }) };
    });
  }

  /** For the next request, of this launch or of another. */
  forget(): void {
    this.request = this.report = this.guest = undefined;
  }
}
