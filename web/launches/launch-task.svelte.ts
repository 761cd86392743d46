// One launch under way: what was given, what follows from it, and what the guest owner can do next.
import type { Decision } from '../../shared/decide/decision.ts';
import type { Expectation, FirmwareFloor } from '../../shared/decide/expectation.ts';
import { SevError } from '../../shared/errors.ts';
import { isSevError } from '../ui/is-sev-error.ts';
import { LUKS_PASSPHRASE_GUID } from '../../shared/formats/known-secrets.ts';
import { parseLaunchMeasure } from '../../shared/formats/launch-measure.ts';
import type { Guest, GuestState, Profile } from '../../shared/relay-protocol.ts';
import type { ReportedLaunch } from '../../shared/verify/launch-measure.ts';
import { equalBytes } from '../../shared/bytes/equal.ts';
import { SEV_CERT_SIZE } from '../../shared/formats/sev-cert.ts';
import { ownerOfChain } from '../platforms/owner-pin.ts';
import { ChainVerdict } from '../platforms/chain-verdict.svelte.ts';
import type { Relay } from '../relay/relays.svelte.ts';
import type { AppState } from '../app.svelte.ts';
import { evidence } from '../strings/evidence.ts';
import { words } from '../strings/index.ts';
import type { CallOptions } from '../workers/call.ts';
import type { DoctorRequest, SearchKey } from '../workers/messages.ts';
import { AMD_ROOTS } from '../../shared/trust/amd-roots.ts';
import { SIMULATED_ROOT } from '../../shared/trust/simulated-root.ts';
import type { Evidence } from '../../shared/evidence/record.ts';
import { ownBuild } from '../build.ts';
import { evidenceOf } from './evidence-of.ts';
import { doctorRequest } from './doctor-request.ts';
import { CPU_MODELS } from '../../shared/formats/cpu-signature.ts';
import { encodePolicy, parsePolicy } from '../../shared/formats/policy.ts';
import { type CpuPlan, expectationOf, type KernelPlan, type Plan } from './plan.ts';
import type { SealedPacket } from '../vault/ledger.ts';
import type { NewSecret } from '../vault/secrets.ts';
import { arrivalUnknown, type FinalCheckId, foundInside } from './final-check.ts';
import { after, happened, type LaunchEvent, type LaunchRecord, type Reported } from './launch-record.ts';

export class LaunchTask {
  readonly id: string;
  readonly #app: AppState;
  readonly chain = new ChainVerdict();
  /** What is going on, in words; undefined when nothing is. */
  doing = $state.raw<string | undefined>();
  error = $state.raw<unknown>();
  /** Worked out anew from the record each time; a stored verdict is only history. */
  decision = $state.raw<Decision | undefined>();
  hashing = $state.raw<{ readonly name: string; readonly part: number; readonly stop: AbortController } | undefined>();
  profiles = $state.raw<readonly Profile[] | undefined>();
  guests = $state.raw<readonly Guest[] | undefined>();

  /** Whether the record was read from storage: where it is missing then, it is not on this device. */
  opened = $state.raw(false);

  readonly record: LaunchRecord | undefined = $derived.by(() => this.#app.launches.find(this.id));
  readonly image = $derived.by(() => this.#app.library.findImage(this.record?.plan.imageId));
  readonly platform = $derived.by(() => this.#app.platforms.find(this.record?.platformId));
  readonly relay: Relay | undefined = $derived.by(() => this.#app.relays.find(this.record?.relayUrl));
  readonly connected = $derived.by(() => this.relay?.open === true);

  /** Whether the packet goes to the host by the relay, or by hand. */
  readonly relayed = $derived.by(() => this.relay !== undefined && this.record?.guest !== undefined);

  constructor(app: AppState, id: string) {
    this.#app = app;
    this.id = id;
  }

  /** Reads the record; until then there is none. */
  open(): Promise<void> {
    return this.#attempt(undefined, async () => {
      await this.#app.launches.open(this.id);
      this.opened = true;
    });
  }

  /** The platform was met again since, and has another PDH: this session no longer fits it. */
  get outdated(): boolean {
    const { platform, record } = this;
    if (!platform || record?.state !== 'session') return false;
    return !equalBytes(platform.chain.subarray(0, SEV_CERT_SIZE), record.chain.subarray(0, SEV_CERT_SIZE));
  }

  /** A secret was sealed, and whether it arrived is not known. */
  get sealed(): boolean {
    return this.record?.state === 'verified' && happened(this.record, 'sealed');
  }

  /** A secret was on its way when the host was lost: the relay will never send it again, nor say whether it arrived. */
  get arrivalUnknown(): boolean {
    return this.sealed && this.record !== undefined && arrivalUnknown(this.record);
  }

  /** The relay was asked to launch, and its answer was lost. */
  get launchLost(): boolean {
    return this.record?.state === 'session' && happened(this.record, 'launch-asked');
  }

  async chooseImage(file: File): Promise<void> {
    await this.#hash(file, async (options) => {
      const { sha256 } = await this.#app.library.add(file, 'guest-image', options);
      await this.#plan({ imageId: sha256 });
    });
  }

  useImage(imageId: string): Promise<void> {
    return this.#attempt(undefined, () => this.#plan({ imageId }));
  }

  /** A kernel or an initrd, hashed here; only its hash is measured. */
  async chooseKernelFile(part: 'kernel' | 'initrd', file: File): Promise<void> {
    await this.#hash(file, async (options) => {
      const { name, size, sha256 } = await this.#app.library.add(file, part, options);
      const kernel = this.#present().plan.kernel ?? { cmdline: '' };
      await this.#plan({ kernel: { ...kernel, [part]: { name, size, sha256 } } });
    });
  }

  /** What else is measured: the virtual CPUs, or the kernel's command line. */
  describe(change: { readonly cpu?: Partial<CpuPlan>; readonly kernel?: KernelPlan | undefined }): Promise<void> {
    return this.#attempt(undefined, async () => {
      const { plan } = this.#present();
      const cpu = { ...plan.cpu, ...change.cpu };
      await this.#plan('kernel' in change ? { cpu, kernel: change.kernel } : { cpu });
    });
  }

  /** Takes the shape of what the host offers to start as a first draft, which the guest owner sees and can change. */
  followProfile({ name, firmware, cpus, cpuModel, sevEs }: Profile): Promise<void> {
    return this.#attempt(undefined, async () => {
      const { plan } = this.#present();
      const policy = encodePolicy({ ...parsePolicy(plan.policy), es: sevEs });
      const known = this.#app.library.findImage(firmware.sha256);
      const model = modelOf(cpuModel) ?? plan.cpu.model;
      await this.#plan({
        profile: name,
        policy,
        cpu: { ...plan.cpu, vcpus: cpus, model },
        ...(known && !plan.imageId && { imageId: known.sha256 }),
      });
    });
  }

  /** The oldest firmware that is taken; any, without one. */
  expectFirmware(floor: FirmwareFloor | undefined): Promise<void> {
    return this.#attempt(undefined, () => this.#plan({ floor }));
  }

  choosePolicy(policy: number): Promise<void> {
    return this.#attempt(undefined, () => this.#plan({ policy, acceptsKeySharing: false }));
  }

  acceptKeySharing(acceptsKeySharing: boolean): Promise<void> {
    return this.#attempt(undefined, () => this.#plan({ acceptsKeySharing }));
  }

  rename(name: string): Promise<void> {
    return this.#attempt(undefined, async () => {
      const given = name.trim().slice(0, 120);
      if (given !== '') await this.#app.launches.change(this.id, (record) => ({ ...record, name: given }));
    });
  }

  makeSession(): Promise<void> {
    return this.#attempt(words.launch.making, async () => {
      const record = this.#present();
      if (record.session) return;
      const { policy, acceptsKeySharing } = record.plan;
      // The platform may have been met again since the launch was begun: a session fits its present PDH only.
      const chain = this.platform?.chain ?? record.chain;
      await this.#requireOwner(chain);
      const vault = await this.#app.vault();
      const session = await vault.makeSession({ chain, policy, acceptsKeySharing });
      await this.#save('session-made', { state: 'session', session, chain }, this.image?.name);
    });
  }

  /** What the host offers: its launch profiles, and the guests that it has. */
  async lookAtHost(): Promise<void> {
    const { relay } = this;
    if (!relay?.open) return;
    await this.#attempt(undefined, async () => {
      this.profiles = await relay.connection.ask('guest.profiles', {}).catch(withoutLauncher);
      this.guests = await relay.connection.ask('guest.list', {});
    });
  }

  launch(profile: Profile): Promise<void> {
    const relay = this.#connectedRelay();
    return this.#attempt(words.launch.launching(relay.name), async () => {
      const { session } = this.#present();
      if (!session) throw new SevError('MEASURE_NOT_VERIFIED');
      // Noted first: if the answer is lost, the guest may have been started all the same.
      const { revision } = this.#present();
      await this.#app.launches.change(this.id, (record) => {
        if (record.revision !== revision) throw new SevError('VAULT_CONFLICT');
        return after(record, 'launch-asked', {}, profile.name);
      });
      const { policy, godh, blob } = session;
      const asked = { profile: profile.name, policy, dhCert: godh, session: blob };
      const { id } = await relay.connection.ask('guest.launch', asked);
      await this.#save(
        'launched',
        { state: 'launched', guest: { id, name: id }, guestState: 'prelaunch' },
        profile.name,
      );
      await this.#measure(relay, id);
    });
  }

  /** Ties the launch to a guest that is there already. */
  attach(guest: Guest): Promise<void> {
    const relay = this.#connectedRelay();
    return this.#attempt(words.launch.measuring(relay.name), async () => {
      const change = { state: 'launched', guest: { id: guest.id, name: guest.name }, guestState: guest.state } as const;
      await this.#save('attached', change, guest.name);
      await this.#measure(relay, guest.id);
    });
  }

  askMeasurement(): Promise<void> {
    const relay = this.#connectedRelay();
    return this.#attempt(words.launch.measuring(relay.name), async () => {
      const { guest } = this.#present();
      if (!guest) throw new SevError('RELAY_NO_GUEST');
      await this.#measure(relay, guest.id);
    });
  }

  /** A measurement that came by hand. It is judged as any other: nothing of it is believed. */
  takeReport({ guest, ...reported }: Reported & { readonly guest?: string }): Promise<void> {
    return this.#attempt(words.launch.judging, async () => {
      await this.#app.launches.change(this.id, (record) => {
        const open = record.session && ['session', 'launched', 'mismatch'].includes(record.state);
        if (!open) throw new SevError('VAULT_CONFLICT');
        const known = guest === undefined || record.guest ? {} : { guest: { id: guest, name: guest } };
        return after(record, 'measured', { ...known, reported, state: 'launched' });
      });
      await this.#judge();
    });
  }

  /** Judges what is in the record, as after a reload or with another guest image. */
  judge(): Promise<void> {
    return this.#attempt(words.launch.judging, () => this.#judge());
  }

  /** For the doctor: what is known here, beyond what was expected. */
  async doctorRequest(): Promise<DoctorRequest> {
    const { launches, library, vault } = this.#app;
    const { image } = this;
    const { plan, session } = this.#present();
    if (!image || !session) throw new SevError('MEASURE_IMAGE', { sentence: words.launch.imageNone });
    const { reported } = await this.#case();
    const found = await (await vault()).searchKeys(session.id);
    const keys = found.map(({ sessionId, key }): SearchKey => {
      const own = sessionId === session.id;
      const other = launches.list.find((launch) => launch.sessionId === sessionId);
      const name = other?.name ?? words.launch.unnamedSession;
      return { role: own ? 'this-session' : 'other-session', name, key, ...(other && { policy: other.policy }) };
    });
    const cmdlines = launches.list.flatMap((launch) => launch.cmdline ?? []);
    return doctorRequest({ plan, image, reported, library: library.files, images: library.images, cmdlines, keys });
  }

  /** Keeps a secret before it is released, so that it cannot be released and lost. @returns its id, unless it was refused */
  async keepSecret(secret: NewSecret): Promise<string | undefined> {
    let id: string | undefined;
    await this.#attempt(undefined, async () => {
      id = (await (await this.#app.secrets()).keep(secret)).id;
    });
    return id;
  }

  /** @param secret a disk passphrase as it was typed, which is wiped; or one that the vault keeps */
  release(secret: Uint8Array | { readonly storedId: string }): Promise<void> {
    return this.#attempt(words.launch.releasing, async () => {
      const typed = secret instanceof Uint8Array;
      try {
        const vault = await this.#app.vault();
        const source = typed ? { guid: LUKS_PASSPHRASE_GUID, data: secret } : secret;
        const packet = await vault.seal(await this.#case(), [source]);
        await this.#save('sealed');
        if (this.relay && this.#present().guest) await this.#inject(packet);
      } finally {
        if (typed) secret.fill(0);
      }
    });
  }

  async packet(): Promise<SealedPacket | undefined> {
    return (await this.#app.vault()).packetOf(this.#present().session?.id ?? '');
  }

  /** What the guest owner found, or did not find, inside the guest. */
  tick(id: FinalCheckId, found: boolean): Promise<void> {
    return this.#attempt(undefined, async () => {
      await this.#app.launches.change(this.id, (record) => {
        const others = (record.finalChecks ?? []).filter((other) => other !== id);
        const next = { ...record, finalChecks: found ? [...others, id] : others };
        return foundInside(next) && !foundInside(record) ? after(next, 'checked-inside') : next;
      });
    });
  }

  /** The host says that it has injected the packet. */
  noteReleased(): Promise<void> {
    return this.#attempt(undefined, () => this.#save('released', { state: 'released' }));
  }

  /** The host says that the guest runs. */
  noteRunning(): Promise<void> {
    return this.#attempt(undefined, () => this.#running());
  }

  /** The same packet once more, after its arrival was never confirmed. */
  sendAgain(): Promise<void> {
    return this.#attempt(words.launch.releasing, async () => {
      const packet = await this.packet();
      if (!packet) throw new SevError('VAULT_MISSING_KEY');
      await this.#inject(packet);
    });
  }

  resume(): Promise<void> {
    const relay = this.#connectedRelay();
    return this.#attempt(words.launch.continuing, async () => {
      const { guest } = this.#present();
      if (!guest) throw new SevError('RELAY_NO_GUEST');
      await relay.connection.ask('guest.resume', { id: guest.id });
      await this.#running();
    });
  }

  /** Lets the verified guest run with nothing of the guest owner's in it; its session is over then. */
  runWithout(): Promise<void> {
    const relay = this.#connectedRelay();
    return this.#attempt(words.launch.continuing, async () => {
      const { guest, session } = this.#present();
      if (!guest || !session) throw new SevError('RELAY_NO_GUEST');
      await (await this.#app.vault()).retire(session.id);
      await relay.connection.ask('guest.resume', { id: guest.id });
      const change = { state: 'running', guestState: 'running' } as const;
      await this.#app.launches.change(this.id, (record) =>
        record.state === 'verified' ? after(record, 'running-without', change) : record,
      );
    });
  }

  /**
   * The record for one's files: of a verdict that was worked out just now.
   * @throws SevError MEASURE_NOT_VERIFIED before there is a verdict, and what judging throws
   */
  async evidence(): Promise<Evidence> {
    if (!this.decision) await this.#judge();
    const { decision, image } = this;
    const { launchDigest } = await this.#expectation();
    const root = [...AMD_ROOTS, SIMULATED_ROOT].find(({ generation }) => generation === this.chain.view?.generation);
    if (!decision || !image || !root) throw new SevError('MEASURE_NOT_VERIFIED');
    const build = await ownBuild().catch(() => evidence.unknownBuild);
    const parts = { record: this.#present(), image, decision, launchDigest, root: root.name, build, now: Date.now() };
    const made = evidenceOf(parts);
    if (!made) throw new SevError('MEASURE_NOT_VERIFIED');
    return made;
  }

  /** How the host says that it started the guest. Not believed; looked through for faults. */
  async askConfiguration(): Promise<string> {
    const { guest } = this.#present();
    if (!guest) throw new SevError('RELAY_NO_GUEST');
    return (await this.#connectedRelay().connection.ask('guest.configuration', { id: guest.id })).text;
  }

  destroy(): Promise<void> {
    const relay = this.#connectedRelay();
    return this.#attempt(undefined, async () => {
      const { guest } = this.#present();
      if (!guest) return;
      await relay.connection.ask('guest.destroy', { id: guest.id });
      await this.#save('guest-ended', { guestState: 'gone' });
    });
  }

  abandon(): Promise<void> {
    return this.#attempt(undefined, async () => {
      const { session, state } = this.#present();
      if (session && state !== 'running') await (await this.#app.vault()).retire(session.id);
      await this.#save('abandoned', { state: 'abandoned' });
    });
  }

  /** Hears from the relay how the guest is; a guest that runs or ends changes where the launch stands. */
  async guestChanged(guestId: string, guestState: GuestState): Promise<void> {
    const { record } = this;
    if (record?.guest?.id !== guestId || record.guestState === guestState) return;
    await this.#attempt(undefined, async () => {
      if (guestState === 'running' && mayRun(record)) return this.#running();
      const ended = guestState === 'gone' || guestState === 'shutdown';
      if (ended) await this.#save('guest-ended', { guestState });
      else await this.#app.launches.change(this.id, (present) => ({ ...present, guestState }));
    });
  }

  /** Reads the guest's state anew, as after the relay came back. */
  async lookAtGuest(): Promise<void> {
    const { relay, record } = this;
    if (!relay?.open || !record?.guest || record.state === 'abandoned') return;
    const guests = await relay.connection.ask('guest.list', {}).catch(() => undefined);
    const state = guests?.find(({ id }) => id === record.guest?.id)?.state;
    if (guests) await this.guestChanged(record.guest.id, state ?? 'gone');
  }

  /** Noted once, whether the relay's answer or its notification comes first. */
  async #running(): Promise<void> {
    const change = { state: 'running', guestState: 'running' } as const;
    await this.#app.launches.change(this.id, (record) => (mayRun(record) ? after(record, 'running', change) : record));
  }

  async #measure(relay: Relay, id: string): Promise<void> {
    this.doing = words.launch.measuring(relay.name);
    const { measurement, apiMajor, apiMinor, build, policy } = await relay.connection.ask('guest.measurement', { id });
    const reported: Reported = { measurement, apiMajor, apiMinor, build, policy };
    await this.#save('measured', { reported });
    await this.#judge();
  }

  async #judge(): Promise<void> {
    this.doing = words.launch.judging;
    const decision = await (await this.#app.vault()).judge(await this.#case());
    const { state } = this.#present();
    const verdict = decision.kind === 'release' ? 'verified' : 'mismatch';
    const open = state === 'launched' || state === 'verified' || state === 'mismatch';
    if (open && state !== verdict) await this.#save(verdict, { state: verdict });
    this.decision = decision;
  }

  async #case() {
    const { chain, session, reported } = this.#present();
    const expectation = await this.#expectation();
    if (!session || !reported) throw new SevError('MEASURE_NOT_VERIFIED');
    const { apiMajor, apiMinor, build, policy } = reported;
    const told: ReportedLaunch = { ...parseLaunchMeasure(reported.measurement), apiMajor, apiMinor, build, policy };
    return { chain, session, expectation, reported: told };
  }

  /** @throws SevError CERT_OWNER_UNEXPECTED */
  async #requireOwner(chain: Uint8Array): Promise<void> {
    const pin = this.platform?.owner;
    if (pin && pin.keySha256 !== (await ownerOfChain(chain)))
      throw new SevError('CERT_OWNER_UNEXPECTED', { at: 'oca' });
  }

  #expectation(): Promise<Expectation> {
    if (!this.image) throw new SevError('MEASURE_IMAGE', { sentence: words.launch.imageNone });
    return expectationOf(this.#present().plan, this.image);
  }

  /** Hashes in a worker, with progress and a way out. */
  async #hash(file: File, work: (options: CallOptions) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const onprogress = (part: number): void => void (this.hashing = { name: file.name, part, stop });
    onprogress(0);
    await this.#attempt(undefined, () => work({ signal: stop.signal, onprogress }));
    this.hashing = undefined;
  }

  async #inject({ header, payload }: { header: Uint8Array; payload: Uint8Array }): Promise<void> {
    const relay = this.#connectedRelay();
    const { guest } = this.#present();
    if (!guest) throw new SevError('RELAY_NO_GUEST');
    try {
      await relay.connection.ask('guest.inject', { id: guest.id, header, secret: payload });
    } catch (error) {
      if (isSevError(error) && error.code === 'RELAY_INJECT_UNKNOWN') return void (await this.#save('inject-unknown'));
      throw error;
    }
    await this.#save('released', { state: 'released' });
  }

  /** Policy and key sharing are settled by the session; what is expected can be put right until a secret is sealed. */
  async #plan(change: { readonly [K in keyof Plan]?: Plan[K] | undefined }): Promise<void> {
    const settled = 'policy' in change || 'acceptsKeySharing' in change;
    const { state } = await this.#app.launches.change(this.id, (record) => {
      const open = record.state === 'platform' || (record.state === 'mismatch' && !settled);
      if (!open) throw new SevError('VAULT_CONFLICT');
      return { ...record, plan: { ...record.plan, ...change } as Plan, updatedAt: Date.now() };
    });
    if (state === 'mismatch') await this.#judge();
  }

  #save(event: LaunchEvent, change: Partial<LaunchRecord> = {}, detail?: string): Promise<LaunchRecord> {
    return this.#app.launches.change(this.id, (record) => after(record, event, change, detail));
  }

  #present(): LaunchRecord {
    const record = this.#app.launches.find(this.id);
    if (!record) throw new SevError('VAULT_RECORD');
    return record;
  }

  #connectedRelay(): Relay {
    const { relay } = this;
    if (!relay) throw new SevError('RELAY_LOST', { sentence: words.launch.noRelay, next: words.launch.noRelayNext });
    return relay;
  }

  async #attempt(doing: string | undefined, work: () => Promise<unknown>): Promise<void> {
    if (doing) this.doing = doing;
    this.error = undefined;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.error = error;
    } finally {
      this.doing = undefined;
    }
  }
}

/** The host says that it took a secret, or nobody knows: the guest can go on, and show it. */
const mayRun = (record: LaunchRecord): boolean =>
  record.state === 'released' || (record.state === 'verified' && arrivalUnknown(record));

/** A relay without a launcher does not offer profiles; that is no failure. */
function withoutLauncher(error: unknown): readonly Profile[] {
  if (error instanceof SevError && (error.code === 'RELAY_NOT_ALLOWED' || error.code === 'RELAY_METHOD')) return [];
  throw error;
}

/** `EPYC-Milan-v2` → `EPYC-Milan`; undefined for a model whose signature is not known here. */
const modelOf = (name: string): string | undefined =>
  CPU_MODELS.find((known) => known.name.toLowerCase() === name.replace(/-v\d+$/, '').toLowerCase())?.name;
