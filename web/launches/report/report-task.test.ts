import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { concat } from '../../../shared/bytes/writer.ts';
import { sha256Sync } from '../../../shared/crypto/sha256-stream.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import { SevError } from '../../../shared/errors.ts';
import { expectDigest } from '../../../shared/sev/decide/expectation.ts';
import { parseCertChain } from '../../../shared/sev/formats/cert-chain.ts';
import { parseLaunchMeasure } from '../../../shared/sev/formats/launch-measure.ts';
import { makeLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import { SimulatedAmdSp } from '../../../shared/simulator/amd-sp.ts';
import { SIMULATED_ROOT } from '../../../shared/trust/simulated-root.ts';
import { verifyCertChain } from '../../../shared/sev/verify/cert-chain.ts';
import { MAX_REPORTS, withRequest } from './asked-report.ts';
import type { LaunchRecord } from '../record/launch-record.ts';
import type { LaunchRelay } from '../task/launching.ts';
import { ReportTask } from './report-task.svelte.ts';
import { reportVerdict } from './report-verdict.ts';

const IMAGE = new Uint8Array(4096).fill(7);
const POLICY = 0x3;

/** A guest that was launched on a simulated platform. */
async function launchedGuest() {
  const amdSp = await SimulatedAmdSp.create();
  const { pdh, chain: exported } = amdSp.pdhCertExport();
  const { ask, ark } = amdSp.caCerts();
  const chain = concat(pdh, exported.slice(0, 2 * 2084), amdSp.amdCek(), ask, ark);
  const trustedPdh = await verifyCertChain(parseCertChain(chain), [SIMULATED_ROOT]);
  const session = await makeLaunchSession({ trustedPdh, policy: POLICY, random: webCryptoRandom });
  const handle = await amdSp.launchStart({ policy: POLICY, godh: session.godh, session: session.blob });
  await amdSp.launchUpdateData(handle, IMAGE);
  const { apiMajor, apiMinor, build } = amdSp.platformStatus();
  const measured = parseLaunchMeasure(await amdSp.launchMeasure(handle));
  return { amdSp, chain, session, handle, reported: { ...measured, apiMajor, apiMinor, build, policy: POLICY } };
}
type LaunchedGuest = Awaited<ReturnType<typeof launchedGuest>>;

/** A launched guest of a simulated host, its record, and what the relay says when it is asked for a report. */
function launchOf(world: LaunchedGuest) {
  const { chain, session, reported } = world;
  const { measure, mnonce, ...version } = reported;
  let record = {
    ...{ id: 'mine', name: 'my guest', state: 'running', history: [], guest: { id: 'demo-1', name: 'demo-1' } },
    chain,
    session: { policy: POLICY, blob: session.blob },
    reported: { measurement: concat(measure, mnonce), ...version },
  } as unknown as LaunchRecord;
  let answer = (nonce: Uint8Array): Promise<Uint8Array> => world.amdSp.attestationReport(world.handle, nonce);
  const ask = async (_: string, params: { mnonce: Uint8Array }) => ({ report: await answer(params.mnonce) });
  const work = {
    id: 'mine',
    image: undefined,
    app: {
      profile: 'demo' as const,
      launches: { findByNonce: () => undefined as { id: string; name: string } | undefined },
    },
    get record() {
      return record;
    },
    present: () => record,
    change: (next: (present: LaunchRecord) => LaunchRecord) => Promise.resolve((record = next(record))),
    expectation: () => Promise.resolve(expectDigest(sha256Sync(IMAGE), { origin: 'typed-here' })),
    connectedRelay: () => ({ name: 'host:8455', connection: { ask } }) as unknown as LaunchRelay,
    guestOfHost: () => record.guest!,
  };
  return {
    work,
    open: () => new ReportTask(work),
    says: (next: typeof answer) => void (answer = next),
    events: () => record.history.map(({ event }) => event),
    get record() {
      return record;
    },
  };
}

describe('attestation reports of a launch', () => {
  let world: LaunchedGuest;
  let launch: ReturnType<typeof launchOf>;
  beforeEach(async () => {
    world = await launchedGuest();
    launch = launchOf(world);
  });
  const reportFor = (nonce: Uint8Array) => world.amdSp.attestationReport(world.handle, nonce);

  /** Another guest of the same host, and its reports. */
  async function otherGuest(): Promise<(nonce: Uint8Array) => Promise<Uint8Array>> {
    const { godh, blob } = world.session;
    const other = await world.amdSp.launchStart({ policy: POLICY, godh, session: blob });
    await world.amdSp.launchUpdateData(other, new Uint8Array(64));
    await world.amdSp.launchMeasure(other);
    return (nonce) => world.amdSp.attestationReport(other, nonce);
  }

  it('are asked for under a fresh nonce each, kept, and judged anew after a reload', async () => {
    const task = launch.open();
    await task.ask();
    await task.ask();
    expect([task.error, task.decision?.kind]).toEqual([undefined, 'proven']);
    const [first, second] = launch.record.reports!;
    expect(first!.mnonce).not.toEqual(second!.mnonce);
    expect(launch.events()).toEqual(['report-asked', 'report-proven', 'report-asked', 'report-proven']);
    const reloaded = launch.open();
    expect(reloaded.decision).toBeUndefined();
    await reloaded.judge();
    expect(reloaded.decision?.kind).toBe('proven');
    expect(reportVerdict(reloaded.decision!, reloaded.judged!)).toMatchObject({ tone: 'simulated' });
  });

  it('find the request that they answer, by any carrier and after a reload', async () => {
    await launch.open().prepare();
    await launch.open().prepare();
    const [earlier, later] = launch.record.reports!;
    const task = launch.open();
    await task.take(await reportFor(earlier!.mnonce));
    expect([task.error, task.decision?.kind, task.judged?.mnonce]).toEqual([undefined, 'proven', earlier!.mnonce]);
    expect(task.awaited?.mnonce, 'the later request still waits').toEqual(later!.mnonce);
  });

  it('answer once: the same bytes again change nothing, others are refused', async () => {
    const task = launch.open();
    await task.prepare();
    const { mnonce } = task.awaited!;
    const report = await reportFor(mnonce);
    await task.take(report);
    await task.take(report);
    expect(launch.events()).toEqual(['report-asked', 'report-proven']);
    await task.take(await (await otherGuest())(mnonce));
    expect(task.error).toMatchObject({ code: 'VAULT_CONFLICT' });
    expect(task.decision?.kind, 'what stands is not overturned').toBe('proven');
    expect(launch.record.reports![0]!.report).toEqual(report);
  });

  it('are refused when they are old, and the request goes on waiting', async () => {
    const task = launch.open();
    const replayed = await reportFor(new Uint8Array(16));
    launch.says(() => Promise.resolve(replayed));
    await task.ask();
    expect(task.decision?.kind).toBe('replayed');
    expect(task.awaited, 'nothing answered it').toBeDefined();
    expect(launch.events()).toEqual(['report-asked', 'report-refused']);
    expect(reportVerdict(task.decision!, task.judged!).tone).toBe('refused');
    const reloaded = launch.open();
    expect(reloaded.toBeJudged, 'what was refused, and why, is told after a reload too').toBe(true);
    await reloaded.judge();
    expect([reloaded.decision, reloaded.judged]).toEqual([task.decision, task.judged]);
    await task.take(await reportFor(task.awaited!.mnonce));
    expect(task.decision?.kind).toBe('proven');
    expect(launch.record.reports![0], 'the answer takes the place of what was refused').not.toHaveProperty('refused');
  });

  it('that are refused after a good one are told after a reload, until another is asked for', async () => {
    const task = launch.open();
    await task.ask();
    const forged = (await reportFor(task.judged!.mnonce)).map((byte, i) => (i === 100 ? byte ^ 1 : byte));
    await task.take(forged);
    const kinds = async (): Promise<unknown[]> => {
      const reloaded = launch.open();
      await reloaded.judge();
      return [reloaded.decision?.kind, reloaded.answered?.report?.length];
    };
    expect([task.decision?.kind, await kinds()]).toEqual(['unsigned', ['unsigned', 208]]);
    vi.setSystemTime(Date.now() + 1000);
    onTestFinished(() => void vi.useRealTimers());
    await task.prepare();
    expect(await kinds()).toEqual(['proven', 208]);
  });

  it('by the relay answer what was just asked, not what waits from before', async () => {
    const task = launch.open();
    await task.prepare();
    const { mnonce } = task.awaited!;
    launch.says(() => reportFor(mnonce));
    await task.ask();
    expect(task.decision?.kind).toBe('replayed');
    expect(launch.record.reports!.every(({ report }) => report === undefined)).toBe(true);
  });

  it('of another guest are kept as an answer, and never proven', async () => {
    launch.says(await otherGuest());
    const task = launch.open();
    await task.ask();
    expect(task.decision?.kind).toBe('other-guest');
    expect([task.awaited, launch.events().at(-1)]).toEqual([undefined, 'report-refused']);
    const reloaded = launch.open();
    await reloaded.judge();
    expect(reloaded.decision?.kind).toBe('other-guest');
  });

  it('of another launch are told apart before anything is changed', async () => {
    launch.work.app.launches.findByNonce = () => ({ id: 'theirs', name: 'their guest' });
    const task = launch.open();
    await task.prepare();
    await expect(task.take(await reportFor(new Uint8Array(16)))).rejects.toMatchObject({
      code: 'MEASURE_OTHER_SESSION',
      sentence: expect.stringContaining('their guest') as string,
    });
    expect(launch.events()).toEqual(['report-asked']);
  });

  it('that nobody asked for prove nothing', async () => {
    const task = launch.open();
    await task.take(await reportFor(new Uint8Array(16)));
    expect([task.error, task.decision]).toMatchObject([{ code: 'CERT_REPORT' }, undefined]);
  });

  it.each(['AMDSP_INVALID_COMMAND', 'RELAY_QMP', 'RELAY_LIBVIRT'] as const)(
    'that a host cannot make (%s) say what is wanted for them',
    async (code) => {
      launch.says(() => Promise.reject(new SevError(code, { because: 'The relay says: “no”' })));
      const task = launch.open();
      await task.ask();
      expect(task.error).toMatchObject({
        code,
        sentence: expect.stringContaining('The relay says: “no”') as string,
        next: expect.stringContaining('firmware 0.23') as string,
      });
    },
  );

  it('say beforehand that the firmware is too old', () => {
    expect(launch.open().tooOld).toBeUndefined();
    Object.assign(launch.record.reported!, { apiMinor: 22 });
    expect(launch.open().tooOld).toMatchObject({ severity: 'warning' });
  });
});

describe('the requests of a record', () => {
  it('stay few, and the latest answer among them', () => {
    const asked = (n: number, report?: Uint8Array) => ({
      ...{ mnonce: new Uint8Array(16).fill(n), askedAt: n },
      ...(report && { report }),
    });
    let reports = withRequest({}, asked(1, new Uint8Array(208)));
    for (let n = 2; n < 50; n++) reports = withRequest({ reports }, asked(n));
    expect(reports).toHaveLength(MAX_REPORTS);
    expect([reports[0]!.askedAt, reports.at(-1)!.askedAt]).toEqual([1, 49]);
  });
});
