// libvirt's guests through virsh: a fixed list of its commands, domains named by their UUIDs.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fromBase64, toBase64 } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';
import { firstUnseen, plainName } from '../../shared/text/visible.ts';
import type { Guest, GuestState, Profile, SevState } from '../../shared/relay-protocol.ts';
import { blob, object, optional, u8, u32 } from '../../shared/schema.ts';
import { type Log, plain } from '../serve/log.ts';
import { endChild } from '../state/processes.ts';
import { inState, type StateFolder } from '../state/state.ts';
import { domainForAudit } from './configuration/domain-xml.ts';
import { FileHints } from './launcher/profiles.ts';
import {
  describeDomain,
  isSevDomain,
  PROFILE_PREFIX,
  readDomain,
  takesSession,
  withSession,
} from './libvirt/domain.ts';
import { Virsh } from './libvirt/virsh.ts';
import type { SevCapabilities } from './qmp/sev-commands.ts';
import type { Configuration, GuestChange, Launcher, LaunchRequest, Measurement, SecretPacketParams } from './types.ts';

const ID = /^libvirt:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** So many clients may ask for the list: virsh is asked once in this time. */
const LIST_FRESH_MS = 500;
/** A domain that is off can be defined anew at any time; so long its definition is taken as it was. */
const DEFINITION_FRESH_MS = 5_000;
const WATCH_AGAIN_MS = 5_000;
/** Folders with files for one call of virsh, in the state folder. */
const FILES_PREFIX = 'virsh-';

/** virDomainState. A domain that is paused and never ran cannot be told from one that did. */
const STATES: Record<string, GuestState> = {
  '1': 'running',
  '2': 'running',
  '3': 'paused',
  '4': 'running',
  '5': 'shutdown',
  '6': 'shutdown',
  '7': 'paused',
};

/** What `virsh domstate` prints, as a launch's state; libvirt does not tell the firmware's own. */
const DOMAIN_STATES: ReadonlyMap<string, SevState> = new Map([
  ['running', 'running'],
  ['idle', 'running'],
  ['paused', 'paused'],
  ['pmsuspended', 'paused'],
  ['in shutdown', 'shutdown'],
  ['shut off', 'shutdown'],
]);

const launchInfo = object({
  measurement: blob(48),
  apiMajor: optional(u8),
  apiMinor: optional(u8),
  build: optional(u8),
  policy: optional(u32),
});

export interface LibvirtOptions {
  readonly uri: string;
  readonly state: StateFolder;
  readonly log: Log;
  /** Another virsh, for tests. */
  readonly program?: string;
}

export class LibvirtGuests implements Launcher {
  readonly backend = 'libvirt';
  readonly #virsh: Virsh;
  readonly #state: StateFolder;
  readonly #log: Log;
  readonly #hints = new FileHints();
  readonly #listeners = new Set<(change: GuestChange) => void>();
  #known: { readonly at: number; readonly guests: Promise<readonly Guest[]> } | undefined;
  #sev = new Map<string, { readonly state: GuestState; readonly sev: boolean; readonly at: number }>();
  #lastStates = new Map<string, GuestState>();
  #stopWatching: () => void = () => undefined;
  #closed = false;

  constructor({ uri, state, log, program }: LibvirtOptions) {
    this.#virsh = new Virsh(uri, program);
    this.#state = state;
    this.#log = log;
    this.#removeLeftFiles();
    this.#watch();
  }

  owns(id: string): boolean {
    return ID.test(id);
  }

  launches(profile: string): boolean {
    return profile.startsWith(PROFILE_PREFIX);
  }

  list(): Promise<readonly Guest[]> {
    if (this.#known && performance.now() - this.#known.at < LIST_FRESH_MS) return this.#known.guests;
    const guests = this.#list();
    this.#known = { at: performance.now(), guests };
    guests.catch(() => (this.#known = undefined));
    return guests;
  }

  async measurement(id: string): Promise<Measurement> {
    await this.#sevDomain(id);
    const lines = readLines(await this.#virsh.run('domlaunchsecinfo', uuidOf(id)));
    const measured = lines.get('sev-measurement');
    if (measured === undefined) throw new SevError('RELAY_NOT_SEV');
    const info = launchInfo.parse(
      {
        measurement: measured,
        apiMajor: numberOf(lines, 'sev-api-major'),
        apiMinor: numberOf(lines, 'sev-api-minor'),
        build: numberOf(lines, 'sev-build-id'),
        policy: numberOf(lines, 'sev-policy'),
      },
      'domlaunchsecinfo',
    );
    const { measurement, apiMajor, apiMinor, build, policy } = info;
    if (apiMajor === undefined || apiMinor === undefined || build === undefined || policy === undefined) {
      throw new SevError('RELAY_LIBVIRT', {
        sentence: 'This libvirt tells the measurement without API version, build and policy.',
        next: 'Operator: use libvirt 8.0 or later.',
      });
    }
    const state = (await this.#virsh.run('domstate', uuidOf(id))).trim();
    return { measurement, apiMajor, apiMinor, build, policy, state: DOMAIN_STATES.get(state) ?? 'unknown' };
  }

  async inject(id: string, { header, secret, gpa }: SecretPacketParams): Promise<void> {
    await this.#sevDomain(id);
    const place = gpa === undefined ? [] : ['--set-address', String(gpa)];
    await this.#withFiles({ header: toBase64(header), secret: toBase64(secret) }, (file) =>
      this.#virsh.run(
        'domsetlaunchsecstate',
        ...[uuidOf(id), '--secrethdr', file('header'), '--secret', file('secret'), ...place],
      ),
    );
  }

  async resume(id: string): Promise<void> {
    await this.#virsh.run('resume', (await this.#sevDomain(id)).uuid);
  }

  async destroy(id: string): Promise<void> {
    await this.#virsh.run('destroy', (await this.#sevDomain(id)).uuid);
  }

  report(): Promise<Uint8Array> {
    return Promise.reject(
      new SevError('RELAY_LIBVIRT', {
        sentence: 'libvirt hands out no attestation reports.',
        next: 'The measurement is enough for a launch; for reports the guest must be started by sev-relay itself.',
      }),
    );
  }

  async configuration(id: string): Promise<Configuration> {
    return { kind: 'domain-xml', text: domainForAudit((await this.#sevDomain(id)).xml) };
  }

  /** Domains that are shut off, want SEV, and have files that can be read. */
  async profiles(): Promise<readonly Profile[]> {
    const off = (await this.list()).filter(({ state }) => state === 'shutdown');
    const described = await Promise.all(off.map(({ id }) => this.#describe(id)));
    return described.filter((profile) => profile !== undefined);
  }

  /** Starts a shut-off domain, paused, with the owner's session in its launchSecurity. */
  async launch(request: LaunchRequest, claim?: (id: string) => void): Promise<string> {
    const name = request.profile.slice(PROFILE_PREFIX.length);
    const guest = (await this.#list()).find((one) => one.name === name && one.state === 'shutdown');
    if (guest === undefined) throw new SevError('RELAY_NO_PROFILE', { at: plain(request.profile) });
    const xml = await this.#virsh.run('dumpxml', '--inactive', '--security-info', uuidOf(guest.id));
    if (!takesSession(readDomain(xml))) throw new SevError('RELAY_NOT_SEV', { at: plain(request.profile) });
    claim?.(guest.id);
    await this.#withFiles({ domain: withSession(xml, request) }, (file) => this.#virsh.run('define', file('domain')));
    await this.#virsh.run('start', '--paused', uuidOf(guest.id));
    return guest.id;
  }

  /** The platform's chain through libvirt, for a relay that may not open /dev/sev. */
  async capabilities(): Promise<SevCapabilities> {
    const lines = readLines(await this.#virsh.run('nodesevinfo'));
    const bytes = (name: string): Uint8Array => fromBase64(lines.get(name) ?? '', `nodesevinfo.${name}`);
    return {
      pdh: bytes('pdh'),
      chain: bytes('cert-chain'),
      cpu0Id: lines.has('cpu0-id') ? bytes('cpu0-id') : undefined,
    };
  }

  onChange(listener: (change: GuestChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#stopWatching();
    return Promise.resolve();
  }

  async #list(): Promise<readonly Guest[]> {
    const [names, stats] = await Promise.all([
      this.#virsh.run('list', '--all', '--uuid', '--name'),
      this.#virsh.run('domstats', '--state', '--raw'),
    ]);
    const states = readStates(stats);
    const all = names.split('\n').flatMap((line): Guest[] => {
      const [, uuid, rest] = /^([0-9a-f-]{36})\s(.+)$/.exec(line.trim()) ?? [];
      const name = rest?.trim();
      if (uuid === undefined || !name || !ID.test(`libvirt:${uuid}`)) return [];
      return [
        {
          id: `libvirt:${uuid}`,
          name: firstUnseen(name) === undefined ? name.slice(0, 256) : plainName(name, 256),
          backend: 'libvirt',
          state: states.get(name) ?? 'unknown',
        },
      ];
    });
    const areSev = await Promise.all(all.map((guest) => this.#isSev(guest)));
    this.#sev = new Map([...this.#sev].filter(([id]) => all.some((guest) => guest.id === id)));
    return all.filter((_, i) => areSev[i]);
  }

  /**
   * Other domains of the host are none of a guest owner's business: for the relay they are not there.
   * @throws SevError RELAY_NO_GUEST
   */
  async #sevDomain(id: string): Promise<{ readonly uuid: string; readonly xml: string }> {
    const uuid = uuidOf(id);
    const xml = await this.#virsh.run('dumpxml', uuid);
    if (!isSevDomain(readDomain(xml))) throw new SevError('RELAY_NO_GUEST', { at: id });
    return { uuid, xml };
  }

  /** Whether a domain is an SEV guest; read again when its state has changed, since only then its definition can have. */
  async #isSev({ id, state }: Guest): Promise<boolean> {
    const known = this.#sev.get(id);
    if (known?.state === state && state !== 'shutdown') return known.sev;
    const fresh = known?.state === state && performance.now() - known.at < DEFINITION_FRESH_MS;
    if (fresh) return known.sev;
    try {
      const sev = isSevDomain(readDomain(await this.#virsh.run('dumpxml', uuidOf(id))));
      this.#sev.set(id, { state, sev, at: performance.now() });
      return sev;
    } catch (error) {
      this.#log.info(`${id} is left out: ${error instanceof SevError ? error.sentence : plain(String(error))}`);
      return false;
    }
  }

  async #describe(id: string): Promise<Profile | undefined> {
    try {
      return await describeDomain(await this.#virsh.run('dumpxml', '--inactive', uuidOf(id)), this.#hints);
    } catch (error) {
      this.#log.info(`${id} is no profile: ${error instanceof SevError ? error.sentence : plain(String(error))}`);
      return undefined;
    }
  }

  /** virsh takes blobs from files: they are written for it alone, and are gone afterwards. */
  async #withFiles<T>(
    contents: Record<string, string>,
    work: (file: (name: string) => string) => Promise<T>,
  ): Promise<T> {
    const folder = inState(this.#state.path, () => mkdtempSync(join(this.#state.path, FILES_PREFIX)));
    try {
      const file = (name: string): string => join(folder, name);
      for (const [name, content] of Object.entries(contents)) {
        inState(folder, () => writeFileSync(file(name), content, { mode: 0o600 }));
      }
      return await work(file);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Those of a relay that was killed while virsh ran: the state folder is this relay's alone. */
  #removeLeftFiles(): void {
    const { path } = this.#state;
    const left = inState(path, () => readdirSync(path)).filter((name) => name.startsWith(FILES_PREFIX));
    for (const name of left) rmSync(join(path, name), { recursive: true, force: true });
  }

  /** Listens to libvirt's events; whatever one says, the states are read anew and compared. */
  #watch(): void {
    if (this.#closed) return;
    const child = this.#virsh.watch();
    let timer: NodeJS.Timeout | undefined;
    const ended = (): void => {
      if (this.#closed || timer !== undefined) return;
      timer = setTimeout(() => this.#watch(), WATCH_AGAIN_MS);
      timer.unref();
    };
    this.#stopWatching = () => {
      clearTimeout(timer);
      if (child) endChild(child);
    };
    if (child === undefined) ended();
    child?.once('error', ended).once('exit', ended);
    // Where the process has no file descriptors left, Node makes the child without its pipes.
    if (child?.stdout) createInterface({ input: child.stdout }).on('line', () => void this.#compare());
    void this.#compare();
  }

  async #compare(): Promise<void> {
    this.#known = undefined;
    const guests = await this.list().catch(() => undefined);
    if (guests === undefined || this.#closed) return;
    const states = new Map(guests.map(({ id, state }) => [id, state]));
    const before = this.#lastStates;
    this.#lastStates = states;
    for (const [id, state] of states) if (before.has(id) && before.get(id) !== state) this.#tell({ id, state });
    for (const id of before.keys()) if (!states.has(id)) this.#tell({ id, state: 'gone' });
  }

  #tell(change: GuestChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function uuidOf(id: string): string {
  const uuid = ID.exec(id)?.[1];
  if (uuid === undefined) throw new SevError('RELAY_NO_GUEST', { at: plain(id) });
  return uuid;
}

/** `name   : value` lines of nodesevinfo and domlaunchsecinfo. */
function readLines(text: string): Map<string, string> {
  const pairs = text.split('\n').map((line) => /^([a-z0-9-]+)\s*:\s*(\S*)$/.exec(line.trim()));
  return new Map(pairs.filter((pair) => pair !== null).map(([, name, value]) => [name!, value!]));
}

/** @throws SevError BYTES_VALUE by its schema later, for what is no number */
function numberOf(lines: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = lines.get(name);
  return text === undefined ? undefined : Number(text);
}

/** `Domain: 'NAME'` and `state.state=N` of domstats. */
function readStates(text: string): Map<string, GuestState> {
  const states = new Map<string, GuestState>();
  let name: string | undefined;
  for (const line of text.split('\n')) {
    name = /^Domain: '(.*)'$/.exec(line)?.[1] ?? name;
    const state = /^\s*state\.state=(\d+)$/.exec(line)?.[1];
    if (name !== undefined && state !== undefined) states.set(name, STATES[state] ?? 'unknown');
  }
  return states;
}
