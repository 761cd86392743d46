// The state folder: the pairing code and what must outlive a relay that dies. One relay uses it at a time.
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { requireOwnFolder } from './private-files.ts';
import { releaseLock, takeLock } from './state-lock.ts';

export { writeWhole } from './private-files.ts';
export { readIfThere } from './read-if-there.ts';

export interface StateFolder {
  readonly path: string;
  close(): void;
}

/** `--state`, systemd's StateDirectory=, or the place that the XDG base directories give. */
export function defaultStatePath(env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  return env['STATE_DIRECTORY']?.split(':')[0] ?? join(base, 'sev-relay');
}

/**
 * Opens the folder for this process alone, and makes it where it is missing.
 * @throws SevError RELAY_STATE
 */
export function openState(given: string): StateFolder {
  const { path } = openSharedState(given);
  const lock = join(path, 'lock');
  inState(path, () => requireLock(lock, path));
  return { path, close: () => releaseLock(lock) };
}

/**
 * The folder without its lock, for verbs that run beside a relay. It is made where it is missing; one that another user
 * could have prepared is refused.
 * @throws SevError RELAY_STATE
 */
export function openSharedState(given: string): StateFolder {
  const path = resolve(given);
  inState(path, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    requireOwnFolder(path);
  });
  return { path, close: () => undefined };
}

/** A folder that is gone afterwards, for a simulated host that nobody asked to remember anything. */
export function openTemporaryState(): StateFolder {
  const path = inState(tmpdir(), () => mkdtempSync(join(tmpdir(), 'sev-relay-')));
  return { path, close: () => rmSync(path, { recursive: true, force: true }) };
}

function requireLock(lock: string, path: string): void {
  const holder = takeLock(lock);
  if (holder === undefined) return;
  throw new SevError('RELAY_STATE', {
    at: path,
    because: `Another relay uses it: process ${holder.pid}.`,
    next: 'End that relay, or give this one a folder of its own with --state.',
  });
}

/** Does something in the state folder; what the disk says becomes RELAY_STATE. */
export function inState<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SevError) throw cause;
    const said = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new SevError('RELAY_STATE', {
      at: path,
      because: `${DISK_WORDS[said] ?? 'The system said'} (${said}).`,
      cause,
    });
  }
}

const DISK_WORDS: Record<string, string> = {
  ENOSPC: 'The disk is full',
  EDQUOT: 'The quota is used up',
  EACCES: 'This user may not write there',
  EPERM: 'This user may not write there',
  EROFS: 'The file system is read-only',
  ENOTDIR: 'A part of the path is not a folder',
  EEXIST: 'Something else is in its place',
};
