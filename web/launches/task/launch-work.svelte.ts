// What every part of a launch under way shares: its record, what follows from it, and how a step is taken and judged.
import type { Decision } from '../../../shared/sev/decide/decision.ts';
import type { Expectation } from '../../../shared/sev/decide/expectation.ts';
import { SevError } from '../../../shared/errors.ts';
import { parseLaunchMeasure } from '../../../shared/sev/formats/launch-measure.ts';
import type { ReportedLaunch } from '../../../shared/sev/verify/launch-measure.ts';
import { ChainVerdict } from '../../platforms/chain-verdict.svelte.ts';
import { words } from '../../strings/index.ts';
import { judgedOf, saysTheSame } from '../record/judged.ts';
import { after, type LaunchEvent, type LaunchRecord } from '../record/launch-record.ts';
import { rootsOf } from '../../profile/roots.ts';
import { expectationOf } from '../sev/plan/plan.ts';
import type { Launching, LaunchRelay } from './launching.ts';
import { Work } from '../../work.svelte.ts';

export class LaunchWork extends Work {
  readonly id: string;
  readonly app: Launching;
  readonly chain: ChainVerdict;
  /** Worked out anew from the record each time; a stored verdict is only history. */
  decision = $state.raw<Decision | undefined>();

  readonly record: LaunchRecord | undefined = $derived.by(() => this.app.launches.find(this.id));
  readonly image = $derived.by(() => this.app.library.findImage(this.record?.plan.imageId));
  readonly platform = $derived.by(() => this.app.platforms.find(this.record?.platformId));
  readonly relay: LaunchRelay | undefined = $derived.by(() => this.app.relays.find(this.record?.relayUrl));
  readonly connected = $derived.by(() => this.relay?.open === true);

  /** Whether what is for the guest goes to the host by the relay, or by hand. */
  readonly relayed = $derived.by(() => this.relay !== undefined && this.record?.guest !== undefined);

  constructor(app: Launching, id: string) {
    super();
    this.app = app;
    this.chain = new ChainVerdict(app.profile);
    this.id = id;
  }

  /** The record as it is now. @throws SevError VAULT_RECORD before it was read */
  present(): LaunchRecord {
    const record = this.app.launches.find(this.id);
    if (!record) throw new SevError('VAULT_RECORD');
    return record;
  }

  save(event: LaunchEvent, change: Partial<LaunchRecord> = {}, detail?: string): Promise<LaunchRecord> {
    return this.change((record) => after(record, event, change, detail));
  }

  /** Changes the record as it is at that moment in storage. @throws SevError VAULT_STORAGE, VAULT_RECORD, or what `next` throws */
  change(next: (present: LaunchRecord) => LaunchRecord): Promise<LaunchRecord> {
    return this.app.launches.change(this.id, next);
  }

  /** @throws SevError RELAY_LOST */
  connectedRelay(): LaunchRelay {
    const { relay } = this;
    if (!relay) throw new SevError('RELAY_LOST', { sentence: words.launch.noRelay, next: words.launch.noRelayNext });
    return relay;
  }

  /** The host's guest that this launch is tied to. @throws SevError RELAY_NO_GUEST */
  guestOfHost(): { readonly id: string; readonly name: string } {
    const { guest } = this.present();
    if (!guest) throw new SevError('RELAY_NO_GUEST');
    return guest;
  }

  /** @throws SevError MEASURE_IMAGE, and as `expectationOf` */
  async expectation(): Promise<Expectation> {
    if (!this.image) throw new SevError('MEASURE_IMAGE', { sentence: words.launch.imageNone });
    return expectationOf(this.present().plan, this.image);
  }

  /** The launch as the vault judges it. @throws SevError MEASURE_NOT_VERIFIED before there is a measurement */
  async launchCase() {
    const { chain, session, reported } = this.present();
    const expectation = await this.expectation();
    if (!session || !reported) throw new SevError('MEASURE_NOT_VERIFIED');
    const { apiMajor, apiMinor, build, policy } = reported;
    const told: ReportedLaunch = { ...parseLaunchMeasure(reported.measurement), apiMajor, apiMinor, build, policy };
    return { chain, session, expectation, reported: told };
  }

  /** Judges what is in the record, and notes the verdict where it is new. */
  async judgeRecord(): Promise<void> {
    this.doing = words.launch.judging;
    const launch = await this.launchCase();
    const decision = await (await this.app.vault()).judge(launch);
    const kept = await this.#verdictToKeep(decision, launch.expectation);
    const { state } = this.present();
    const verdict = decision.kind === 'release' ? 'verified' : 'mismatch';
    const open = state === 'launched' || state === 'verified' || state === 'mismatch';
    if (open && state !== verdict) await this.save(verdict, { state: verdict, ...kept });
    else if (kept) await this.change((record) => ({ ...record, ...kept }));
    this.decision = decision;
  }

  /** The verdict for the record; none where it only says again what stands there. */
  async #verdictToKeep(
    decision: Decision,
    { launchDigest }: Expectation,
  ): Promise<Pick<LaunchRecord, 'judged'> | undefined> {
    const roots = await rootsOf(this.app.profile);
    const { plan, reported, judged: earlier } = this.present();
    const { image } = this;
    const root = roots.find(({ generation }) => generation === this.chain.view?.generation)?.name;
    if (!image || !reported || root === undefined) return undefined;
    const judged = judgedOf({ decision, plan, image, reported, launchDigest, root, now: Date.now() });
    return saysTheSame(earlier, judged) ? undefined : { judged };
  }
}
