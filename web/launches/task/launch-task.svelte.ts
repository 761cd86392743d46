// One launch under way: what was given, what follows from it, and what the guest owner can do next.
import { equalBytes } from '../../../shared/bytes/equal.ts';
import type { Finding } from '../../../shared/findings/finding.ts';
import { SevError } from '../../../shared/errors.ts';
import type { Evidence } from '../../../shared/evidence/record.ts';
import { SEV_CERT_SIZE } from '../../../shared/sev/formats/sev-cert.ts';
import { ownBuild } from '../../build.ts';
import { evidence } from '../../strings/evidence.ts';
import { words } from '../../strings/index.ts';
import { isSevError } from '../../ui/is-sev-error.ts';
import type { DoctorRequest, SearchKey } from '../../workers/messages.ts';
import { doctorRequest } from '../sev/mismatch/doctor-request.ts';
import { evidenceOf } from '../evidence/evidence-of.ts';
import { type FinalCheckId, foundInside } from '../sev/release/final-check.ts';
import { HostTask } from '../sev/host/host-task.svelte.ts';
import { keptFindings } from '../record/judged.ts';
import { after, type Reported } from '../record/launch-record.ts';
import { LaunchWork } from './launch-work.svelte.ts';
import { PlanTask } from '../sev/plan/plan-task.svelte.ts';
import { ReportTask } from '../report/report-task.svelte.ts';
import { SecretTask } from '../sev/release/secret-task.svelte.ts';

export class LaunchTask extends LaunchWork {
  readonly plan = new PlanTask(this);
  readonly host = new HostTask(this);
  readonly secret = new SecretTask(this);
  readonly report = new ReportTask(this);
  /** Whether the record was read from storage: where it is missing then, it is not on this device. */
  opened = $state.raw(false);
  #keysGone = $state(false);

  /** Reads the record; until then there is none. */
  open(): Promise<void> {
    return this.attempt(undefined, async () => {
      await this.app.launches.open(this.id);
      this.opened = true;
    });
  }

  /** The platform was met again since, and has another PDH: this session no longer fits it. */
  get outdated(): boolean {
    const { platform, record } = this;
    if (!platform || record?.state !== 'session') return false;
    return !equalBytes(platform.chain.subarray(0, SEV_CERT_SIZE), record.chain.subarray(0, SEV_CERT_SIZE));
  }

  /** It answers, or is about to be reached: not yet known whether it will. */
  get relayMayAnswer(): boolean {
    const state = this.relay?.state.name;
    return (state === 'connecting' || state === 'open') && this.error === undefined;
  }

  rename(name: string): Promise<void> {
    return this.attempt(undefined, async () => {
      const given = name.trim().slice(0, 120);
      if (given !== '') await this.change((record) => ({ ...record, name: given }));
    });
  }

  makeSession(): Promise<void> {
    return this.attempt(words.launch.making, async () => {
      const record = this.present();
      if (record.session) return;
      const { policy, acceptsKeySharing } = record.plan;
      // The platform may have been met again since the launch was begun: a session fits its present PDH only.
      const chain = this.platform?.chain ?? record.chain;
      const vault = await this.app.vault();
      const session = await vault.makeSession({ chain, policy, acceptsKeySharing });
      await this.save('session-made', { state: 'session', session, chain }, this.image?.name);
    });
  }

  /** A measurement that came by hand. It is judged as any other: nothing of it is believed. */
  takeReport({ guest, ...reported }: Reported & { readonly guest?: string }): Promise<void> {
    return this.attempt(words.launch.judging, async () => {
      await this.change((record) => {
        const open = record.session && ['session', 'launched', 'mismatch'].includes(record.state);
        if (!open) throw new SevError('VAULT_CONFLICT');
        const known = guest === undefined || record.guest ? {} : { guest: { id: guest, name: guest } };
        return after(record, 'measured', { ...known, reported, state: 'launched' });
      });
      await this.judgeRecord();
    });
  }

  /** Judges what is in the record, as after a reload or with another guest image. */
  judge(): Promise<void> {
    return this.attempt(words.launch.judging, async () => {
      try {
        await this.judgeRecord();
      } catch (error) {
        this.#keysGone = isSevError(error) && error.code === 'VAULT_MISSING_KEY';
        if (!this.#keysGone || !this.#over) throw error;
      }
    });
  }

  /** Whether there is a verdict to work out anew, as after a reload. Keys that are gone do not come back. */
  get toBeJudged(): boolean {
    const judgeable = this.record?.reported !== undefined && this.record.state !== 'abandoned';
    return judgeable && !this.decision && !this.doing && this.error === undefined && !this.#keysGone;
  }

  /** The secret was handed over, or will never be: nothing that comes needs the session's keys. */
  get #over(): boolean {
    return ['released', 'running', 'abandoned'].includes(this.record?.state ?? '');
  }

  /** What was found, just now or when the verdict fell. */
  get findings(): readonly Finding[] {
    const kept = this.record?.judged;
    return this.decision?.findings ?? (kept ? keptFindings(kept) : []);
  }

  /** For the doctor: what is known here, beyond what was expected. `further` where a first search found nothing. */
  async doctorRequest(further = false): Promise<DoctorRequest> {
    const { launches, library, vault } = this.app;
    const { image } = this;
    const { plan, session, chain } = this.present();
    if (!image || !session) throw new SevError('MEASURE_IMAGE', { sentence: words.launch.imageNone });
    const { reported } = await this.launchCase();
    const found = await (await vault()).searchKeys(session.id);
    const keys = found.map(({ sessionId, key }): SearchKey => {
      const own = sessionId === session.id;
      const other = launches.list.find((launch) => launch.sessionId === sessionId);
      const name = other?.name ?? words.launch.unnamedSession;
      return { role: own ? 'this-session' : 'other-session', name, key, ...(other && { policy: other.policy }) };
    });
    const cmdlines = launches.list.flatMap((launch) => launch.cmdline ?? []);
    const { files, images } = library;
    const { report } = this.report.answered ?? {};
    return doctorRequest({ plan, image, reported, library: files, images, cmdlines, keys, chain, report, further });
  }

  /** What the guest owner found, or did not find, inside the guest. */
  tick(id: FinalCheckId, found: boolean): Promise<void> {
    return this.attempt(undefined, async () => {
      await this.change((record) => {
        const others = (record.finalChecks ?? []).filter((other) => other !== id);
        const next = { ...record, finalChecks: found ? [...others, id] : others };
        return foundInside(next) && !foundInside(record) ? after(next, 'checked-inside') : next;
      });
    });
  }

  /**
   * The record for one's files: of the latest verdict, whenever it fell.
   * @throws SevError MEASURE_NOT_VERIFIED before there is a verdict, and what judging throws
   */
  async evidence(): Promise<Evidence> {
    if (!this.present().judged) await this.judgeRecord();
    const build = await ownBuild().catch(() => evidence.unknownBuild);
    const made = evidenceOf({ record: this.present(), build, now: Date.now() });
    if (!made) throw new SevError('MEASURE_NOT_VERIFIED');
    return made;
  }

  abandon(): Promise<void> {
    return this.attempt(undefined, async () => {
      const { session, state } = this.present();
      if (session && state !== 'running') await (await this.app.vault()).retire(session.id);
      await this.save('abandoned', { state: 'abandoned' });
    });
  }
}
