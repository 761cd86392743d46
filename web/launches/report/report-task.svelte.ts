// Attestation reports of a launch: asked for under a fresh nonce, taken in by any carrier, and judged anew each time.
import type { ProfileName } from '../../profile/profile.ts';
import type { LaunchSummary } from '../record/launch-summary.ts';
import { equalBytes } from '../../../shared/bytes/equal.ts';
import { fromHex } from '../../../shared/bytes/text.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import type { Finding } from '../../../shared/findings/finding.ts';
import type { ReportDecision } from '../../../shared/sev/decide/report-decision.ts';
import { tooOldForReports } from '../../../shared/sev/decide/report-firmware.ts';
import { type ErrorCode, SevError } from '../../../shared/errors.ts';
import { REPORT_NONCE_SIZE } from '../../../shared/sev/formats/attestation-report.ts';
import { report as say } from '../../strings/report.ts';
import { isSevError } from '../../ui/is-sev-error.ts';
import {
  type AskedReport,
  awaitedReport,
  lastAnswer,
  lastReceived,
  nonceIn,
  requestOf,
  withAnswer,
  withRefused,
  withRequest,
} from './asked-report.ts';
import { after } from '../record/launch-record.ts';
import type { LaunchWork } from '../task/launch-work.svelte.ts';
import { Work } from '../../work.svelte.ts';

type Shared = 'id' | 'record' | 'image' | 'present' | 'change' | 'expectation' | 'connectedRelay' | 'guestOfHost';

/** Of a launch, what its reports need. */
export interface Reporting extends Pick<LaunchWork, Shared> {
  readonly app: {
    readonly profile: ProfileName;
    readonly launches: { findByNonce(mnonce: Uint8Array): Pick<LaunchSummary, 'id' | 'name'> | undefined };
  };
}

export class ReportTask extends Work {
  /** On the report that came last. Worked out anew from the record after a reload; a stored verdict is only history. */
  decision = $state.raw<ReportDecision | undefined>();
  /** The request that the decision holds the report against. */
  judged = $state.raw<AskedReport | undefined>();
  readonly #launch: Reporting;

  constructor(launch: Reporting) {
    super();
    this.#launch = launch;
  }

  get awaited(): AskedReport | undefined {
    return this.#launch.record && awaitedReport(this.#launch.record);
  }

  get answered(): AskedReport | undefined {
    return this.#launch.record && lastAnswer(this.#launch.record);
  }

  /** What came last: an answer, or what was refused as one. */
  get #received(): ReturnType<typeof lastReceived> {
    return this.#launch.record && lastReceived(this.#launch.record);
  }

  /** That the firmware, as it was reported at the launch, has no reports to give. */
  get tooOld(): Finding | undefined {
    const { reported } = this.#launch.record ?? {};
    return reported && tooOldForReports(reported.apiMajor, reported.apiMinor);
  }

  /** Whether there is a report to judge anew, as after a reload. */
  get toBeJudged(): boolean {
    return this.#received !== undefined && !this.decision && !this.doing && this.error === undefined;
  }

  get judging(): boolean {
    return this.toBeJudged || this.doing === say.judging;
  }

  /** By the relay: whatever it answers is held against the nonce that it was just given. */
  ask(): Promise<void> {
    return this.attempt(say.asking, async () => {
      const { connection, name } = this.#launch.connectedRelay();
      const { id } = this.#launch.guestOfHost();
      const request = await this.#request(name);
      const { report } = await connection.ask('guest.report', { id, mnonce: request.mnonce }).catch(withoutReports);
      await this.#answer(report, request);
    });
  }

  /** For another carrier: a request that waits in the record until its report comes. */
  prepare(): Promise<void> {
    return this.attempt(undefined, async () => void (await this.#request()));
  }

  /**
   * Takes a report that came by file or code, for the request whose nonce it names, or else for the latest.
   * A failure is thrown rather than kept only where it says that the report belongs to another launch.
   */
  async take(report: Uint8Array): Promise<void> {
    this.#requireOwn(report);
    await this.attempt(say.judging, async () => {
      const record = this.#launch.present();
      const request = requestOf(record, nonceIn(report)) ?? awaitedReport(record) ?? lastAnswer(record);
      if (!request) throw new SevError('CERT_REPORT', { sentence: say.unasked, next: say.unaskedNext });
      await this.#answer(report, request);
    });
  }

  /** Judges what is in the record, as after a reload. */
  judge(): Promise<void> {
    return this.attempt(say.judging, async () => {
      const received = this.#received;
      if (received) this.#show(await this.#decide(received.report, received.asked), received.asked);
    });
  }

  async #request(carrier?: string): Promise<AskedReport> {
    const request: AskedReport = { mnonce: webCryptoRandom(REPORT_NONCE_SIZE), askedAt: Date.now() };
    await this.#launch.change((record) =>
      after(record, 'report-asked', { reports: withRequest(record, request) }, carrier),
    );
    this.#show(undefined, undefined);
    return request;
  }

  async #answer(report: Uint8Array, request: AskedReport): Promise<void> {
    const decision = await this.#decide(report, request);
    const { kind, findings } = decision;
    const detail = findings.find(({ severity }) => severity === 'refused')?.sentence;
    const event = kind === 'proven' ? 'report-proven' : 'report-refused';
    const isAnswer = kind === 'proven' || kind === 'other-guest';
    const { mnonce } = request;
    await this.#launch.change((record) => {
      const receivedAt = Date.now();
      if (!isAnswer)
        return after(record, event, { reports: withRefused(record, mnonce, { report, receivedAt }) }, detail);
      const earlier = requestOf(record, mnonce)?.report;
      if (earlier && equalBytes(earlier, report)) return record;
      if (earlier) throw new SevError('VAULT_CONFLICT', { sentence: say.answered, next: say.answeredNext });
      return after(record, event, { reports: withAnswer(record, mnonce, report, receivedAt) }, detail);
    });
    this.#show(decision, requestOf(this.#launch.present(), mnonce) ?? request);
  }

  async #decide(report: Uint8Array, request: AskedReport): Promise<ReportDecision> {
    const { chain, session } = this.#launch.present();
    if (!session) throw new SevError('MEASURE_NOT_VERIFIED');
    const launchDigest = await this.#expectedDigest();
    const { judgeReport } = await import('./judge-report.ts');
    const asked = { mnonce: request.mnonce, launchDigest, policy: session.policy };
    return judgeReport(chain, report, asked, this.#launch.app.profile);
  }

  /** Worked out anew from the guest image; the one that the verdict fell with, where the image is no longer here. */
  async #expectedDigest(): Promise<Uint8Array> {
    const { judged } = this.#launch.present();
    if (!this.#launch.image && judged) return fromHex(judged.expected.launchDigest);
    return (await this.#launch.expectation()).launchDigest;
  }

  #show(decision: ReportDecision | undefined, request: AskedReport | undefined): void {
    this.decision = decision;
    this.judged = request;
  }

  /** @throws SevError MEASURE_OTHER_SESSION for the answer to what another launch asked */
  #requireOwn(report: Uint8Array): void {
    const asker = this.#launch.app.launches.findByNonce(nonceIn(report));
    if (!asker || asker.id === this.#launch.id) return;
    throw new SevError('MEASURE_OTHER_SESSION', { sentence: say.ofOther(asker.name), next: say.ofOtherNext });
  }
}

/** What a host says that cannot make reports: its firmware, its QEMU, libvirt, or a relay that does not know of them. */
const CANNOT: readonly ErrorCode[] = [
  'AMDSP_INVALID_COMMAND',
  'AMDSP_UNSUPPORTED',
  'RELAY_LIBVIRT',
  'RELAY_METHOD',
  'RELAY_QMP',
];

function withoutReports(error: unknown): never {
  if (!isSevError(error) || !CANNOT.includes(error.code)) throw error;
  const { code, at, sentence } = error;
  throw new SevError(code, { at, sentence: say.cannot, because: sentence, next: say.cannotNext, cause: error });
}
