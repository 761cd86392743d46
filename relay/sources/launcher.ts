// Starts guests in QEMU from the operator's profiles: paused, with a private monitor, and alive when the relay is not.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64 } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';
import type { Profile } from '../../shared/relay-protocol.ts';
import { type Log, plain } from '../serve/log.ts';
import { endChild } from '../state/processes.ts';
import { inState, type StateFolder } from '../state/state.ts';
import { DEFAULT_QEMU, GUEST_FILES, hostCbitpos, qemuArguments } from './launcher/arguments.ts';
import { GuestFolder, type GuestRecord } from './launcher/guest-folder.ts';
import { describeProfile, FileHints, type LaunchProfile, type Profiles, readProfiles } from './launcher/profiles.ts';
import { launchError } from './launcher/words.ts';
import { qemuArgumentsForAudit } from './configuration/qemu-arguments.ts';
import { QMP_LIMITS, QmpConnection } from './qmp/connection.ts';
import type { GuestStarter, LaunchRequest, StartedGuest } from './types.ts';

/** Loading and encrypting a large guest's memory takes its time. */
const START_MS = 60_000;
const QUIT_MS = 5_000;
const LOOK_MS = 20;

export class QemuStarter implements GuestStarter {
  readonly #file: string;
  readonly #guests: string;
  readonly #log: Log;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #hints = new FileHints();

  /**
   * @param environment added to QEMU's own; the virtual SEV host preloads its library through it
   * @throws SevError RELAY_FILE when the profiles cannot be used
   */
  constructor(file: string, state: StateFolder, log: Log, environment: NodeJS.ProcessEnv = {}) {
    this.#file = file;
    this.#guests = join(state.path, 'guests');
    this.#log = log;
    this.#environment = environment;
    this.#profiles();
  }

  async profiles(): Promise<readonly Profile[]> {
    return Promise.all(this.#profiles().profiles.map((profile) => describeProfile(profile, this.#hints)));
  }

  async start(request: LaunchRequest): Promise<StartedGuest> {
    const { profiles, maxGuests } = this.#profiles();
    const profile = profiles.find(({ name }) => name === request.profile);
    if (profile === undefined) throw new SevError('RELAY_NO_PROFILE', { at: plain(request.profile) });
    this.#requirePlace(maxGuests);
    const folder = GuestFolder.make(this.#guests, freshName(profile.name));
    try {
      return await this.#startIn(folder, profile, request);
    } catch (error) {
      await this.#clear(folder);
      throw error;
    }
  }

  /** Guests of an earlier relay: those that run are taken over, of the others nothing is left. */
  async adopt(): Promise<readonly StartedGuest[]> {
    const adopted: StartedGuest[] = [];
    for (const folder of GuestFolder.all(this.#guests)) {
      const record = folder.readRecord();
      if (folder.runningPid() !== undefined && record) adopted.push(startedGuest(folder, record));
      else if (folder.runningPid() !== undefined)
        this.#log.warn(`${folder.path} has a QEMU, but no record: left as it is`);
      else folder.remove();
    }
    return Promise.resolve(adopted);
  }

  /** @throws SevError RELAY_NO_GUEST */
  async destroy(name: string): Promise<void> {
    const folder = GuestFolder.all(this.#guests).find((one) => one.name === name);
    if (folder === undefined) throw new SevError('RELAY_NO_GUEST', { at: plain(name) });
    await endProcess(folder);
    folder.remove();
  }

  /** Guests outlive their relay. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What is left of a guest that did not start. A QEMU that will not end keeps its folder, by which it is found again. */
  async #clear(folder: GuestFolder): Promise<void> {
    try {
      await endProcess(folder);
      folder.remove();
    } catch (error) {
      this.#log.warn(`${folder.path} could not be cleared away: ${plain(String(error))}`);
    }
  }

  #profiles(): Profiles {
    return readProfiles(this.#file);
  }

  #requirePlace(maxGuests: number): void {
    const running = GuestFolder.all(this.#guests).filter((folder) => folder.runningPid() !== undefined).length;
    if (running < maxGuests) return;
    throw new SevError('RELAY_LAUNCH', {
      sentence: `${running} guests run already, and the operator allows no more.`,
      next: 'End a guest, or ask the operator to raise maxGuests in the profiles.',
    });
  }

  async #startIn(folder: GuestFolder, profile: LaunchProfile, request: LaunchRequest): Promise<StartedGuest> {
    const program = profile.qemu ?? DEFAULT_QEMU;
    const args = qemuArguments(folder.name, profile, request.policy, hostCbitpos());
    const record = {
      name: folder.name,
      profile: profile.name,
      sev: profile.kind !== 'plain',
      command: [program, ...args],
    };
    folder.write(GUEST_FILES.godh, toBase64(request.dhCert));
    folder.write(GUEST_FILES.session, toBase64(request.session));
    folder.writeRecord(record);
    const qemu = this.#spawn(program, args, folder);
    try {
      await untilReady(qemu, folder);
    } catch (error) {
      endChild(qemu, 'SIGKILL');
      throw error;
    }
    return startedGuest(folder, record);
  }

  #spawn(program: string, args: readonly string[], folder: GuestFolder): ChildProcess {
    const log = inState(folder.path, () => openSync(folder.logPath, 'wx', 0o600));
    try {
      // In a session of its own: Ctrl-C at the relay's terminal is not meant for the guests.
      const qemu = spawn(program, args, {
        cwd: folder.path,
        stdio: ['ignore', log, log],
        detached: true,
        env: { ...process.env, ...this.#environment },
      });
      qemu.unref();
      return qemu;
    } catch (cause) {
      throw launchError(`QEMU was not started: ${(cause as NodeJS.ErrnoException).code}`);
    } finally {
      closeSync(log);
    }
  }
}

const startedGuest = (folder: GuestFolder, { name, profile, sev, command }: GuestRecord): StartedGuest => ({
  name,
  profile,
  sev,
  qmp: { path: folder.monitorPath },
  configuration: qemuArgumentsForAudit(command),
});

// No look-alikes, and enough of them that two guests of one profile do not meet.
const LETTERS = 'bcdfghjkmnpqrstvwxz23456789';
const freshName = (profile: string): string =>
  `${profile}-${Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;

/**
 * Waits until QEMU greets, which it does when the guest is loaded and measured.
 * @throws SevError what QEMU said when it ended instead
 */
async function untilReady(qemu: ChildProcess, folder: GuestFolder): Promise<void> {
  let ended: SevError | undefined;
  qemu.once('error', (cause: NodeJS.ErrnoException) => (ended = launchError(`${cause.path ?? 'QEMU'}: ${cause.code}`)));
  qemu.once('exit', () => (ended = launchError(folder.lastWords())));
  for (const until = Date.now() + START_MS; Date.now() < until; await pause(LOOK_MS)) {
    if (await answers(folder.monitorPath, until - Date.now())) return;
    if (ended) throw ended;
  }
  throw new SevError('RELAY_LAUNCH', { because: `Its monitor did not answer within ${START_MS / 1000} seconds.` });
}

/** Whether a monitor greets and negotiates; says no as soon as it ends or is not there yet. */
async function answers(path: string, ms: number): Promise<boolean> {
  const silent = { event: () => undefined, closed: () => undefined };
  const connection = new QmpConnection({ path }, silent, { ...QMP_LIMITS, commandMs: ms });
  const timer = setTimeout(() => connection.close(), ms);
  try {
    await connection.ready;
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}

/**
 * Asks QEMU to end, and makes it end if it does not.
 * @throws SevError RELAY_LAUNCH when this user may not, or the kernel does not let it go
 */
async function endProcess(folder: GuestFolder): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const pid = folder.runningPid();
    if (pid === undefined) return;
    send(signal, pid);
    for (const until = Date.now() + QUIT_MS; Date.now() < until && folder.isOurs(pid);) await pause(LOOK_MS);
  }
  const pid = folder.runningPid();
  if (pid !== undefined) throw stillThere(pid, 'It does not end.');
}

/** One that ended in this very moment needs no signal. */
function send(signal: NodeJS.Signals, pid: number): void {
  try {
    process.kill(pid, signal);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ESRCH') throw stillThere(pid, `The system said ${code}.`);
  }
}

const stillThere = (pid: number, because: string): SevError =>
  new SevError('RELAY_LAUNCH', {
    sentence: `The guest's QEMU, process ${pid}, could not be ended.`,
    because,
    next: 'Operator: end that process, then destroy the guest again.',
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
