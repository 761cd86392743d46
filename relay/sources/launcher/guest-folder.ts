// A launched guest's folder in the state folder: its files, its record, and which process it is.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../../../shared/encodings/strict-json.ts';
import { SevError } from '../../../shared/errors.ts';
import { array, boolean, object, type Parsed, string } from '../../../shared/schema.ts';
import { MAX_SOCKET_PATH_BYTES } from '../../command/addresses.ts';
import { inState, readIfThere, writeWhole } from '../../state/state.ts';
import { GUEST_FILES } from './arguments.ts';

const guestRecord = object({
  name: string(128),
  profile: string(128),
  sev: boolean,
  /** What QEMU was started with, for the configuration audit. */
  command: array(string(8192), 512),
});
export type GuestRecord = Parsed<typeof guestRecord>;

const LAST_WORDS_BYTES = 8192;

export class GuestFolder {
  readonly name: string;
  readonly path: string;

  private constructor(guests: string, name: string) {
    this.name = name;
    // The real path, since that is what /proc shows as a process's working directory.
    this.path = join(realpathSync(guests), name);
  }

  /** @throws SevError RELAY_STATE */
  static make(guests: string, name: string): GuestFolder {
    return inState(guests, () => {
      mkdirSync(guests, { recursive: true, mode: 0o700 });
      const folder = new GuestFolder(guests, name);
      if (Buffer.byteLength(folder.monitorPath) > MAX_SOCKET_PATH_BYTES) throw tooLong(guests);
      mkdirSync(folder.path, { mode: 0o700 });
      chmodSync(folder.path, 0o700);
      return folder;
    });
  }

  /**
   * Every guest's folder that is there, of this relay or of an earlier one.
   * @throws SevError RELAY_STATE
   */
  static all(guests: string): GuestFolder[] {
    return inState(guests, () => {
      if (!existsSync(guests)) return [];
      const entries = readdirSync(guests, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      return entries.map(({ name }) => new GuestFolder(guests, name));
    });
  }

  get monitorPath(): string {
    return join(this.path, GUEST_FILES.monitor);
  }

  get logPath(): string {
    return join(this.path, 'qemu.log');
  }

  /** @throws SevError RELAY_STATE */
  write(file: string, content: string): void {
    inState(this.path, () => writeWhole(join(this.path, file), content));
  }

  writeRecord(record: GuestRecord): void {
    this.write('guest.json', `${JSON.stringify(record, undefined, 2)}\n`);
  }

  readRecord(): GuestRecord | undefined {
    try {
      return guestRecord.parse(parseJson(readFileSync(join(this.path, 'guest.json'), 'utf8'), 'guest'), 'guest');
    } catch {
      return undefined;
    }
  }

  /** What QEMU wrote, its end. */
  lastWords(): string {
    return (readIfThere(this.logPath) ?? '').slice(-LAST_WORDS_BYTES);
  }

  /**
   * This guest's QEMU if it runs: the process of the pid file, if it works in this very folder. A QEMU that has just
   * begun has not written the file yet, and is found by its folder alone.
   */
  runningPid(): number | undefined {
    const text = readIfThere(join(this.path, GUEST_FILES.pid))?.trim() ?? '';
    if (/^\d{1,10}$/.test(text) && this.isOurs(Number(text))) return Number(text);
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).find((pid) => this.isOurs(pid));
  }

  /** Whether it is this guest's QEMU by where it works and what it is called; an operator's shell may work there too. */
  isOurs(pid: number): boolean {
    try {
      const args = (): string[] => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return readlinkSync(`/proc/${pid}/cwd`) === this.path && args().includes(this.name);
    } catch {
      return false;
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const tooLong = (guests: string): SevError =>
  new SevError('RELAY_STATE', {
    at: guests,
    because: `A socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes, and this folder's is too long for one.`,
    next: 'Name a folder with a shorter path by --state.',
  });
