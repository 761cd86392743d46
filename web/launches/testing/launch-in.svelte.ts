// A launch in any of its states, over an app that lives in memory: what the tests of its tasks stand on. Vault and relay say
// what a test has them say, and note what they were asked.
import { toHex } from '../../../shared/bytes/text.ts';
import { Sha256Stream, sha256Sync } from '../../../shared/crypto/sha256-stream.ts';
import { type ErrorCode, SevError } from '../../../shared/errors.ts';
import type { MethodName } from '../../../shared/relay-protocol.ts';
import type { Decision } from '../../../shared/sev/decide/decision.ts';
import type { StoredLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import type { ImageRecord } from '../../library/reference-record.ts';
import type { LaunchEvent, LaunchRecord, LaunchState } from '../record/launch-record.ts';
import { FIRST_CPU } from '../sev/plan/plan.ts';
import { FIRST_ORIGINS } from '../sev/plan/plan-origins.ts';
import { LaunchTask } from '../task/launch-task.svelte.ts';
import type { Launching, LaunchRelay } from '../task/launching.ts';

export const STATES: readonly LaunchState[] = [
  'platform',
  'session',
  'launched',
  'mismatch',
  'verified',
  'released',
  'running',
  'abandoned',
];

const IMAGE = new Uint8Array(4096).fill(7);
const SHA256 = toHex(sha256Sync(IMAGE));
const image: ImageRecord = {
  id: `guest-image:${SHA256}`,
  addedAt: 1,
  name: 'OVMF.fd',
  role: 'guest-image',
  size: IMAGE.length,
  sha256: SHA256,
  midstate: new Sha256Stream().update(IMAGE).midstate(),
  origin: 'hashed-here',
  guestImage: { size: IMAGE.length, kind: 'unknown', entries: [] },
};

/** SEV without ES, and no key sharing. */
const POLICY = 0x3;
export const REPORTED = {
  measurement: new Uint8Array(48).fill(5),
  apiMajor: 1,
  apiMinor: 55,
  build: 21,
  policy: POLICY,
};
const SESSION: StoredLaunchSession & { readonly id: string } = {
  id: 'ab'.repeat(16),
  origin: 'made-here',
  policy: POLICY,
  acceptsKeySharing: false,
  pdh: new Uint8Array(2084),
  godh: new Uint8Array(2084).fill(2),
  blob: new Uint8Array(128).fill(3),
};
export const PACKET = { header: new Uint8Array(52).fill(1), payload: new Uint8Array(48).fill(9) };
export const GUEST = { id: 'launcher:demo-1', name: 'demo-1' };

/** A record that went the usual way up to this state. An abandoned launch was measured, and did not match. */
function recordIn(state: LaunchState): LaunchRecord {
  const [hasSession, hasGuest] = [state !== 'platform', state !== 'platform' && state !== 'session'];
  const events: readonly LaunchEvent[] = ['released', 'running'].includes(state)
    ? ['begun', 'sealed', 'released']
    : ['begun'];
  return {
    id: 'mine',
    revision: 1,
    name: 'my guest',
    createdAt: 1,
    updatedAt: 1,
    state,
    platformId: 'chip',
    platformName: 'host',
    chain: new Uint8Array(8336).fill(4),
    relayUrl: 'ws://host',
    plan: {
      ...{ imageId: SHA256, policy: POLICY, acceptsKeySharing: false, cpu: FIRST_CPU },
      origins: { ...FIRST_ORIGINS, image: 'hashed-here' },
    },
    ...(hasSession && { session: SESSION }),
    ...(hasGuest && { guest: GUEST, guestState: 'paused' as const, reported: REPORTED }),
    history: events.map((event) => ({ at: 1, event })),
  };
}

type Answer = object | ErrorCode;

/** What the relay answers where a test does not say otherwise. */
const ANSWERS: Partial<Record<MethodName, Answer>> = {
  'guest.launch': { id: GUEST.id },
  'guest.measurement': { ...REPORTED, state: 'launch-secret' },
  'guest.inject': {},
  'guest.resume': {},
  'guest.destroy': {},
  'guest.list': [{ ...GUEST, backend: 'launcher', state: 'paused' }],
  'guest.profiles': [],
  'guest.configuration': { kind: 'qemu-arguments', text: 'qemu-system-x86_64' },
};

export class LaunchIn implements Launching {
  record: LaunchRecord = $state.raw(recordIn('platform'));
  /** What the vault decides. */
  verdict: Decision['kind'] = 'release';
  /** Codes with which the vault refuses. */
  refusals: { judge?: ErrorCode; seal?: ErrorCode; keep?: ErrorCode; makeSession?: ErrorCode } = {};
  packet: typeof PACKET | undefined = PACKET;
  answers = { ...ANSWERS };
  hasRelay = true;
  /** Every call of the vault and the relay, in order: `vault.retire`, `guest.inject`. */
  readonly asked: string[] = [];
  /** What was to be sealed, copied, and the very bytes, which are to be wiped. */
  readonly sealed: { readonly copy: unknown; readonly given: unknown }[] = [];
  readonly profile = 'demo';
  readonly task: LaunchTask;

  constructor(state: LaunchState, change: Partial<LaunchRecord> = {}) {
    this.record = { ...recordIn(state), ...change };
    this.task = new LaunchTask(this, 'mine');
  }

  /** Events of its history that were added since it was made. */
  get events(): readonly LaunchEvent[] {
    return this.record.history.filter(({ at }) => at !== 1).map(({ event }) => event);
  }

  readonly launches: Launching['launches'] = {
    list: [],
    find: () => this.record,
    open: () => Promise.resolve(this.record),
    findByNonce: () => undefined,
    change: async (_, next) => {
      await Promise.resolve();
      this.record = { ...next(this.record), revision: this.record.revision + 1 };
      return this.record;
    },
  };

  readonly library = {
    files: [],
    images: [image],
    find: () => undefined,
    findImage: (sha256: string | undefined) => (sha256 === SHA256 ? image : undefined),
    add: () => Promise.resolve(image),
    confirm: () => Promise.resolve(image),
    vouch: () => Promise.resolve(),
  } satisfies Launching['library'];

  readonly platforms = { find: () => undefined };

  readonly relays = { find: (): LaunchRelay | undefined => (this.hasRelay ? this.#relay : undefined) };

  readonly #relay = {
    name: 'host:8455',
    open: true,
    state: { name: 'waiting', error: new SevError('RELAY_LOST'), retryAt: 0 },
    connection: {
      start: () => undefined,
      on: () => () => undefined,
      ask: (method: MethodName) => this.#ask(method),
    },
  } as unknown as LaunchRelay;

  readonly vault = () => Promise.resolve(this.#vault);

  readonly secrets: Launching['secrets'] = () =>
    Promise.resolve({
      keep: async ({ name, guid, endsWithNul }) => {
        await this.#note('secrets.keep', this.refusals.keep);
        return { id: 'kept', name, guid, endsWithNul, createdAt: 1 };
      },
    });

  readonly #vault = {
    makeSession: async () => {
      await this.#note('vault.makeSession', this.refusals.makeSession);
      return SESSION;
    },
    judge: async () => {
      await this.#note('vault.judge', this.refusals.judge);
      return { kind: this.verdict, simulated: true, sessionId: SESSION.id, findings: [] } as unknown as Decision;
    },
    seal: async (_: unknown, given: readonly unknown[]) => {
      this.sealed.push({ copy: structuredClone(given[0]), given: given[0] });
      await this.#note('vault.seal', this.refusals.seal);
      return PACKET;
    },
    packetOf: () => Promise.resolve(this.packet),
    searchKeys: () => Promise.resolve([]),
    retire: () => this.#note('vault.retire', undefined),
  };

  async #ask(method: MethodName): Promise<never> {
    const answer = this.answers[method];
    await this.#note(method, typeof answer === 'string' ? answer : undefined);
    return answer as never;
  }

  #note(what: string, refusal: ErrorCode | undefined): Promise<void> {
    this.asked.push(what);
    return refusal ? Promise.reject(new SevError(refusal)) : Promise.resolve();
  }
}

/** What a step came to: the state afterwards, or the code of the refusal, and the state where that is another one. */
export async function outcomeOf(launch: LaunchIn, step: (task: LaunchTask) => Promise<unknown>): Promise<string> {
  const before = launch.record.state;
  const thrown = await step(launch.task).then(
    () => undefined,
    (error: unknown) => error,
  );
  const error = thrown ?? launch.task.error;
  const { state } = launch.record;
  if (error === undefined) return state;
  const code = error instanceof SevError ? error.code : `a fault: ${String((error as Error).stack)}`;
  return state === before ? code : `${code}, then ${state}`;
}
