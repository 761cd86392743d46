// Files that this user alone may have made: owner and mode are looked at, no link is followed, nothing stands in the way.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ErrorCode, SevError } from '../../shared/errors.ts';
import { PLACE } from './words.ts';

const GROUP_OR_OTHERS_WRITE = 0o022;
const OTHERS_WRITE = 0o002;
const OTHERS_READ = 0o004;
const STICKY = 0o1000;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** Windows knows neither owners nor modes of this kind. */
const self = (): number | undefined => process.getuid?.();

/**
 * Refuses a folder in which another user could have put something, or could put it later: a link, a folder of another
 * user, one that others may write, and one below a folder that others may rename it in.
 * @throws SevError RELAY_STATE
 */
export function requireOwnFolder(given: string): void {
  // A slash at the end would have the link followed.
  const path = resolve(given);
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) throw refused(path, PLACE.link);
  if (!stats.isDirectory()) throw refused(path, PLACE.noFolder);
  const uid = self();
  if (uid === undefined) return;
  if (stats.uid !== uid) throw refused(path, PLACE.owner(stats.uid));
  if ((stats.mode & GROUP_OR_OTHERS_WRITE) !== 0) throw refused(path, PLACE.mode(stats.mode));
  requireSafeAbove(path, dirname(realpathSync(path)), uid);
}

/** @param folder the first of those above, without links */
function requireSafeAbove(path: string, folder: string, uid: number): void {
  for (let at = folder; ; at = dirname(at)) {
    const { mode, uid: owner } = statSync(at);
    const open = (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0;
    if (open || (owner !== uid && owner !== 0)) throw refused(path, PLACE.above(at));
    if (at === dirname(at)) return;
  }
}

/**
 * Reads a file of the state folder.
 * @returns undefined where there is none
 * @throws SevError RELAY_STATE for a link, another user's file, and one that others may write
 */
export function readOwn(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw refused(path, PLACE.link);
    throw error;
  }
  try {
    requireOwnFile(path, fstatSync(fd));
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function requireOwnFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw refused(path, PLACE.noFile);
  const uid = self();
  if (uid === undefined) return;
  if (stats.uid !== uid) throw refused(path, PLACE.owner(stats.uid));
  if ((stats.mode & GROUP_OR_OTHERS_WRITE) !== 0) throw refused(path, PLACE.mode(stats.mode));
}

/** Writes a small file whole or not at all, for this user alone. What is at the path is replaced, never written through. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  const fd = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, 0o600);
  try {
    try {
      writeFileSync(fd, content);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Reads a file that the operator named: launch profiles, a TLS key. Whoever may write it decides what runs here. Links are
 * followed, as `/etc/letsencrypt/live` needs it; what counts is the file at their end, and the folders above it.
 * @param secret whether others must not be able to read it either
 * @throws SevError RELAY_FILE
 */
export function readTrusted(path: string, { secret = false }: { readonly secret?: boolean } = {}): string {
  const refuse = (why: { readonly sentence: string; readonly next: string }): SevError =>
    refused(path, why, 'RELAY_FILE');
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(fd);
    const uid = self();
    if (uid === undefined || !stats.isFile()) return readFileSync(fd, 'utf8');
    if (stats.uid !== uid && stats.uid !== 0) throw refuse(PLACE.owner(stats.uid));
    if ((stats.mode & GROUP_OR_OTHERS_WRITE) !== 0) throw refuse(PLACE.fileMode(stats.mode));
    if (secret && (stats.mode & OTHERS_READ) !== 0) throw refuse(PLACE.readable(stats.mode));
    try {
      requireSafeAbove(path, realpathSync(dirname(resolve(path))), uid);
      requireSafeAbove(path, dirname(realpathSync(path)), uid);
    } catch (error) {
      throw error instanceof SevError
        ? new SevError('RELAY_FILE', { at: path, because: error.because, next: error.next })
        : error;
    }
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

const refused = (
  at: string,
  { sentence, next }: { readonly sentence: string; readonly next: string },
  code: ErrorCode = 'RELAY_STATE',
): SevError => new SevError(code, { at, because: sentence, next });
