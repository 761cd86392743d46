// The lock of a state folder: the mark of the relay that uses it. A relay that was killed leaves its lock behind, and of
// several that find it only one may take its place: two would each keep half of what the folder is to remember.
import { randomBytes } from 'node:crypto';
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { encodeMark, isAlive, ownMark, parseMark, type ProcessMark } from './processes.ts';
import { readIfThere } from './read-if-there.ts';

/** The relay that has the lock and lives. */
export function holderOf(lock: string): ProcessMark | undefined {
  const mark = parseMark(readIfThere(lock) ?? '');
  return mark && isAlive(mark) ? mark : undefined;
}

/**
 * Takes the lock for this process.
 * @returns undefined when it was taken, else who has it
 */
export function takeLock(lock: string): ProcessMark | undefined {
  const draft = `${lock}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, encodeMark(ownMark()), { flag: 'wx', mode: 0o600 });
    while (!linked(draft, lock)) {
      const holder = holderOf(lock);
      if (holder !== undefined) return holder;
      clearDead(lock, `${draft}.dead`);
    }
    return undefined;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Gives the lock back, if it is this process's. */
export function releaseLock(lock: string): void {
  if (readIfThere(lock) === encodeMark(ownMark())) rmSync(lock, { force: true });
}

/** Takes a dead relay's lock away; one that a living relay has put in its place meanwhile is put back. */
function clearDead(lock: string, aside: string): void {
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    if (holderOf(aside) !== undefined) linked(aside, lock);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Gives a whole file its second name: at once, and to one of many only. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!NO_LINKS.includes(codeOf(error))) throw error;
    return written(readIfThere(from) ?? '', to);
  }
}

/** File systems without second names, such as those of memory cards. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

function written(content: string, to: string): boolean {
  try {
    writeFileSync(to, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
