// The host's side of a launch, by the relay: what it offers, the guest that it started, and how that guest is.
import { withoutLauncher } from '../../../relay/guests.ts';
import { SevError } from '../../../../shared/errors.ts';
import type { Guest, GuestState, Profile } from '../../../../shared/relay-protocol.ts';
import { words } from '../../../strings/index.ts';
import { arrivalUnknown } from '../release/final-check.ts';
import { shownConfiguration } from '../../configuration/host-config.ts';
import { after, happened, type LaunchRecord, type Reported, requireState } from '../../record/launch-record.ts';
import type { LaunchWork } from '../../task/launch-work.svelte.ts';
import type { LaunchRelay } from '../../task/launching.ts';
import type { Vault } from '../../../vault/vault.ts';

type Shared =
  'record' | 'relay' | 'attempt' | 'doing' | 'present' | 'save' | 'change' | 'connectedRelay' | 'guestOfHost';

/** Of a launch, what its host's side needs. */
export interface Hosting extends Pick<LaunchWork, Shared | 'judgeRecord'> {
  readonly app: { readonly vault: () => Promise<Pick<Vault, 'retire'>> };
}

export class HostTask {
  profiles = $state.raw<readonly Profile[] | undefined>();
  guests = $state.raw<readonly Guest[] | undefined>();
  readonly #launch: Hosting;

  constructor(launch: Hosting) {
    this.#launch = launch;
  }

  /** The relay was asked to launch, and its answer was lost. */
  get launchLost(): boolean {
    const { record } = this.#launch;
    return record?.state === 'session' && happened(record, 'launch-asked');
  }

  /** What the host offers: its launch profiles, and the guests that it has. */
  async lookAtHost(): Promise<void> {
    const { relay } = this.#launch;
    if (!relay?.open) return;
    await this.#launch.attempt(undefined, async () => {
      this.profiles = await relay.connection.ask('guest.profiles', {}).catch(withoutLauncher);
      this.guests = await relay.connection.ask('guest.list', {});
    });
  }

  launch(profile: Profile): Promise<void> {
    const relay = this.#launch.connectedRelay();
    return this.#launch.attempt(words.launch.launching(relay.name), async () => {
      const { session, revision } = this.#launch.present();
      if (!session) throw new SevError('MEASURE_NOT_VERIFIED');
      // Noted first: if the answer is lost, the guest may have been started all the same.
      await this.#launch.change((record) => {
        if (record.revision !== revision) throw new SevError('VAULT_CONFLICT');
        requireState(record, 'session');
        return after(record, 'launch-asked', {}, profile.name);
      });
      const { policy, godh, blob } = session;
      const asked = { profile: profile.name, policy, dhCert: godh, session: blob };
      const { id } = await relay.connection.ask('guest.launch', asked);
      const change = { state: 'launched', guest: { id, name: id }, guestState: 'prelaunch' } as const;
      await this.#launch.save('launched', change, profile.name);
      await this.#measure(relay, id);
    });
  }

  /** Ties the launch to a guest that is there already. */
  attach(guest: Guest): Promise<void> {
    const relay = this.#launch.connectedRelay();
    return this.#launch.attempt(words.launch.measuring(relay.name), async () => {
      const change = { state: 'launched', guest: { id: guest.id, name: guest.name }, guestState: guest.state } as const;
      await this.#launch.change((record) => {
        requireState(record, 'session');
        return after(record, 'attached', change, guest.name);
      });
      await this.#measure(relay, guest.id);
    });
  }

  askMeasurement(): Promise<void> {
    const relay = this.#launch.connectedRelay();
    return this.#launch.attempt(words.launch.measuring(relay.name), () =>
      this.#measure(relay, this.#launch.guestOfHost().id),
    );
  }

  /** The host says that the guest runs. */
  noteRunning(): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#running());
  }

  resume(): Promise<void> {
    const relay = this.#launch.connectedRelay();
    return this.#launch.attempt(words.launch.continuing, async () => {
      if (!mayRun(this.#launch.present())) throw new SevError('VAULT_CONFLICT');
      await relay.connection.ask('guest.resume', { id: this.#launch.guestOfHost().id });
      await this.#running();
    });
  }

  /** Lets the verified guest run with nothing of the guest owner's in it; its session is over then. */
  runWithout(): Promise<void> {
    const relay = this.#launch.connectedRelay();
    return this.#launch.attempt(words.launch.continuing, async () => {
      const record = this.#launch.present();
      requireState(record, 'verified');
      const { guest, session } = record;
      if (!guest || !session) throw new SevError('RELAY_NO_GUEST');
      await (await this.#launch.app.vault()).retire(session.id);
      await relay.connection.ask('guest.resume', { id: guest.id });
      const change = { state: 'running', guestState: 'running' } as const;
      await this.#launch.change((present) =>
        present.state === 'verified' ? after(present, 'running-without', change) : present,
      );
    });
  }

  /** How the host says that it started the guest. Not believed; looked through for faults. */
  async askConfiguration(): Promise<string> {
    const { id } = this.#launch.guestOfHost();
    return shownConfiguration(await this.#launch.connectedRelay().connection.ask('guest.configuration', { id }));
  }

  destroy(): Promise<void> {
    const relay = this.#launch.connectedRelay();
    return this.#launch.attempt(undefined, async () => {
      const { guest } = this.#launch.present();
      if (!guest) return;
      await relay.connection.ask('guest.destroy', { id: guest.id });
      await this.#launch.save('guest-ended', { guestState: 'gone' });
    });
  }

  /** Hears from the relay how the guest is; a guest that runs or ends changes where the launch stands. */
  async guestChanged(guestId: string, guestState: GuestState): Promise<void> {
    const { record } = this.#launch;
    if (record?.guest?.id !== guestId || record.guestState === guestState) return;
    await this.#launch.attempt(undefined, async () => {
      if (guestState === 'running' && mayRun(record)) return this.#running();
      const ended = guestState === 'gone' || guestState === 'shutdown';
      if (ended) await this.#launch.save('guest-ended', { guestState });
      else await this.#launch.change((present) => ({ ...present, guestState }));
    });
  }

  /** Reads the guest's state anew, as after the relay came back. */
  async lookAtGuest(): Promise<void> {
    const { relay, record } = this.#launch;
    if (!relay?.open || !record?.guest || record.state === 'abandoned') return;
    const guests = await relay.connection.ask('guest.list', {}).catch(() => undefined);
    const state = guests?.find(({ id }) => id === record.guest?.id)?.state;
    if (guests) await this.guestChanged(record.guest.id, state ?? 'gone');
  }

  /** Noted once, whether the relay's answer or its notification comes first. */
  async #running(): Promise<void> {
    const change = { state: 'running', guestState: 'running' } as const;
    await this.#launch.change((record) => (mayRun(record) ? after(record, 'running', change) : record));
  }

  async #measure(relay: LaunchRelay, id: string): Promise<void> {
    this.#launch.doing = words.launch.measuring(relay.name);
    const { measurement, apiMajor, apiMinor, build, policy } = await relay.connection.ask('guest.measurement', { id });
    const reported: Reported = { measurement, apiMajor, apiMinor, build, policy };
    await this.#launch.save('measured', { reported });
    await this.#launch.judgeRecord();
  }
}

/** The host says that it took a secret, or nobody knows: the guest can go on, and show it. */
const mayRun = (record: LaunchRecord): boolean =>
  record.state === 'released' || (record.state === 'verified' && arrivalUnknown(record));
