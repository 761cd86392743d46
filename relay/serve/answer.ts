// One function per request. The relay carries bytes and judges none: what is in them is the guest owner's business.
import {
  type Guest,
  MAX_FRAME_BYTES,
  type MethodName,
  type ParamsOf,
  parseParams,
  type ResultOf,
} from '../../shared/relay-protocol.ts';
import { SevError } from '../../shared/errors.ts';
import type { InjectionLedger } from './ledger.ts';
import { type Log, plain } from './log.ts';
import type { Pairing } from './pairing.ts';
import { canReach, type Claims, mayLaunch, requireReach } from './reach.ts';
import { PAIRING } from './words.ts';
import type { GuestSource, HostChecks, Launcher, PlatformSource } from '../sources/types.ts';

/** Asks the operator at the terminal; the question is one sentence. */
export type Confirm = (question: string) => Promise<boolean>;

/** What the answers are made from. */
export interface Host {
  readonly platform: PlatformSource;
  readonly guests: readonly GuestSource[];
  readonly launchers: readonly Launcher[];
  readonly checks: HostChecks;
  readonly ledger: InjectionLedger;
  readonly claims: Claims;
  readonly log: Log;
  /** Missing where the operator did not say --allow-ownership. */
  readonly confirmOwnership?: Confirm | undefined;
}

type Asked = Exclude<MethodName, 'relay.hello'>;
type Answers = { readonly [M in Asked]: (params: ParamsOf<M>, caller: Caller) => Promise<ResultOf<M>> };

/** Who asks: a client's name for the log, and what its code lets it reach. */
export interface Caller {
  readonly name: string;
  readonly pairing: Pairing;
}

export interface Answering {
  /** Which methods a pairing can use here. */
  readonly methodsOf: (pairing: Pairing) => readonly MethodName[];
  readonly answer: (method: MethodName, params: unknown, caller: Caller) => Promise<ResultOf<MethodName>>;
}

/** Answers requests of paired clients. Changes of one guest wait for each other. */
export function makeAnswers(host: Host): Answering {
  const answers = makeTable(host);
  return {
    methodsOf: (pairing) => Object.keys(answers).filter((name) => offered(host, name, pairing)) as MethodName[],
    answer: async (method, params, caller) => {
      const ask = answers[method as Asked] as (params: unknown, caller: Caller) => Promise<ResultOf<MethodName>>;
      const result = await ask(parseParams(method, params), caller);
      if (method === 'guest.list') requireFits(result);
      return result;
    },
  };
}

function makeTable(host: Host): Answers {
  const { claims, platform, guests, launchers, log } = host;
  const source = (id: string, { pairing }: Caller): GuestSource => {
    requireReach(pairing, claims, id);
    return sourceOf(guests, id);
  };
  const inTurn = makeTurns();
  const done = {} as const;
  return {
    'platform.status': () => platform.status(),
    'platform.certificates': () => platform.certificates(),
    'platform.identifier': async () => ({ ids: await platform.identifier() }),
    'platform.checks': async () => ({ checks: await host.checks() }),

    'owner.csr': async (_, caller) => {
      await ownership(host, caller, undefined);
      return { csr: await platform.owner.csr() };
    },
    'owner.import': async ({ pek, oca }, caller) => {
      await ownership(host, caller, 'make another the owner of this platform (PEK_CERT_IMPORT)');
      await platform.owner.import(pek, oca);
      return done;
    },
    'owner.rotatePdh': async (_, caller) => {
      await ownership(host, caller, 'make a new PDH, so that sessions made for the old one are void (PDH_GEN)');
      await platform.owner.rotatePdh();
      return done;
    },
    'owner.regeneratePek': async (_, caller) => {
      await ownership(host, caller, 'make a new PEK, so that this platform loses its owner (PEK_GEN)');
      await platform.owner.regeneratePek();
      return done;
    },
    'owner.reset': async (_, caller) => {
      await ownership(
        host,
        caller,
        'RESET this platform, so that it loses its owner and all its keys (PLATFORM_RESET)',
      );
      await platform.owner.reset();
      return done;
    },

    'guest.list': async (_, { pairing }) =>
      (await listGuests(guests, log)).filter(({ id, name }) => canReach(pairing, claims, id, name)),
    'guest.profiles': async (_, { pairing }) =>
      (await Promise.all(launchers.map((launcher) => launcher.profiles())))
        .flat()
        .filter(({ name }) => mayLaunch(pairing, name)),
    'guest.launch': async (params, { name: client, pairing }) => {
      // What this owner may not launch is as if it were not there.
      const offeredTo = mayLaunch(pairing, params.profile) ? launchers : [];
      const id = await launcherOf(offeredTo, params.profile).launch(params, (guest) =>
        claims.claim(guest, pairing.name),
      );
      log.info(`${client} launched ${id} from the profile “${plain(params.profile)}”, policy ${params.policy}`);
      return { id };
    },
    'guest.measurement': async ({ id }, caller) => source(id, caller).measurement(id),
    'guest.inject': async ({ id, header, secret, gpa }, caller) => {
      const guest = source(id, caller);
      return inTurn(id, async () => {
        const packet = gpa === undefined ? { header, secret } : { header, secret, gpa };
        const { measurement } = await guest.measurement(id);
        await host.ledger.once(measurement, packet, () => guest.inject(id, packet));
        log.info(`${caller.name} injected a secret packet of ${secret.length} bytes into ${id}`);
        return done;
      });
    },
    'guest.resume': async ({ id }, caller) => {
      const guest = source(id, caller);
      return inTurn(id, () => act(log, caller.name, 'continued', id, guest.resume(id)));
    },
    'guest.destroy': async ({ id }, caller) => {
      const guest = source(id, caller);
      return inTurn(id, () => act(log, caller.name, 'ended', id, guest.destroy(id)));
    },
    'guest.report': async ({ id, mnonce }, caller) => ({ report: await source(id, caller).report(id, mnonce) }),
    'guest.configuration': async ({ id }, caller) => source(id, caller).configuration(id),
  };
}

/** Which methods this relay offers to a pairing; the PWA shows only what can be asked. */
function offered(host: Host, name: string, { scope }: Pairing): boolean {
  if (name.startsWith('owner.')) return host.confirmOwnership !== undefined && scope.ownership;
  if (name === 'guest.launch' || name === 'guest.profiles') return host.launchers.length > 0;
  return true;
}

async function ownership(
  host: Host,
  { name: client, pairing }: Caller,
  consequence: string | undefined,
): Promise<void> {
  if (host.confirmOwnership === undefined) {
    throw new SevError('RELAY_NOT_ALLOWED', {
      next: 'Ask the operator to start sev-relay with --allow-ownership.',
    });
  }
  if (!pairing.scope.ownership) throw new SevError('RELAY_NOT_ALLOWED', PAIRING.noOwnership);
  if (consequence === undefined) return;
  const allowed = await host.confirmOwnership(`${client} asks to ${consequence}.`);
  host.log.warn(`${client} asked to ${consequence}: ${allowed ? 'allowed' : 'not allowed'} at the terminal`);
  if (!allowed) throw new SevError('RELAY_NOT_ALLOWED', { because: 'It was not confirmed at its terminal.' });
}

/** A source that fails leaves the other sources' guests in the list. */
async function listGuests(sources: readonly GuestSource[], log: Log): Promise<Guest[]> {
  const lists = await Promise.allSettled(sources.map((source) => source.list()));
  for (const list of lists)
    if (list.status === 'rejected') log.warn(`A list of guests failed: ${plain(String(list.reason))}`);
  const failed = lists.find((list) => list.status === 'rejected');
  if (failed && lists.every((list) => list.status === 'rejected')) throw failed.reason;
  return lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
}

function sourceOf(sources: readonly GuestSource[], id: string): GuestSource {
  const owner = sources.find((source) => source.owns(id));
  if (owner === undefined) throw new SevError('RELAY_NO_GUEST', { at: plain(id) });
  return owner;
}

function launcherOf(launchers: readonly Launcher[], profile: string): Launcher {
  const launcher = launchers.find((one) => one.launches(profile));
  if (launcher !== undefined) return launcher;
  const next = launchers.length > 0 ? {} : { next: 'Ask the operator to start sev-relay with --profiles.' };
  throw new SevError('RELAY_NO_PROFILE', { at: plain(profile), ...next });
}

async function act(log: Log, client: string, did: string, id: string, work: Promise<void>): Promise<object> {
  await work;
  log.info(`${client} ${did} ${id}`);
  return {};
}

/** Runs work for one guest after the work that was begun before; different guests do not wait for each other. */
function makeTurns(): <T>(id: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (id, work) => {
    const mine = (last.get(id) ?? Promise.resolve()).then(work, work);
    last.set(id, mine);
    const forget = (): void => void (last.get(id) === mine && last.delete(id));
    mine.then(forget, forget);
    return mine;
  };
}

function requireFits(result: unknown): void {
  if (JSON.stringify(result).length < MAX_FRAME_BYTES - 256) return;
  throw new SevError('RELAY_INTERNAL', { sentence: 'There are more guests than fit into one answer.' });
}
