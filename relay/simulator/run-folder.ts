// Where a simulated host's guests live while it runs: outside its own folder, which holds nothing of a guest's memory.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { encodeMark, isAlive, ownMark, parseMark, type ProcessMark } from '../state/processes.ts';
import { inState, readIfThere, writeWhole } from '../state/state.ts';

export interface RunFolder {
  readonly path: string;
  /** One folder a guest: its socket, and `console.log`, which tells what it found in its memory. */
  readonly guests: string;
  remove(): void;
}

const FORM = join(tmpdir(), 'sev-simulated-');

/** Names the folder of the present run; tests read it to look into guests' memories. */
const recordOf = (dir: string): string => join(dir, 'simulated-run');
const ownerOf = (path: string): string => join(path, 'owner');

/** A fresh folder. */
export function openRunFolder(dir: string): RunFolder {
  return inState(dir, () => {
    const path = mkdtempSync(FORM);
    const guests = join(path, 'guests');
    const remove = () => {
      rmSync(path, { recursive: true, force: true });
      if (readIfThere(recordOf(dir)) === `${path}\n`) rmSync(recordOf(dir), { force: true });
    };
    try {
      writeWhole(ownerOf(path), encodeMark(ownMark()));
      const present = readIfThere(recordOf(dir))?.trim();
      // A relay that serves keeps its place in the record: the command beside it starts no guests.
      if (present === undefined || !hasOtherOwner(present)) writeWhole(recordOf(dir), `${path}\n`);
      mkdirSync(guests, { mode: 0o700 });
    } catch (error) {
      remove();
      throw error;
    }
    return { path, guests, remove };
  });
}

/**
 * Folders that killed relays left behind: the one that `dir` names, unless its relay serves still, and those whose
 * process is no more.
 */
export function leftRunFolders(dir: string): readonly string[] {
  const recorded = inState(dir, () => readIfThere(recordOf(dir)))?.trim();
  const folders = namesIn(dirname(FORM))
    .map((name) => join(dirname(FORM), name))
    .filter((path) => basename(path).startsWith(basename(FORM)) && isOwnFolder(path));
  return folders.filter((path) => (path === recorded ? !hasOtherOwner(path) : hasDeadOwner(path)));
}

/** On some hosts nobody may list the folder for temporary files; what was left there cannot be found then. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A folder, no link to one, and this user's. */
function isOwnFolder(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}

const ownerMark = (path: string): ProcessMark | undefined => parseMark(readIfThere(ownerOf(path)) ?? '');

/** One without a mark may be about to get it. */
function hasDeadOwner(path: string): boolean {
  const mark = ownerMark(path);
  return mark !== undefined && !isAlive(mark);
}

/** A relay that serves while another command, such as `export`, takes the same state folder. */
function hasOtherOwner(path: string): boolean {
  const mark = ownerMark(path);
  return mark !== undefined && mark.pid !== process.pid && isAlive(mark);
}

/** Does what the folder is for; where that fails, nothing of it is left. */
export async function orRemove<T>(folder: RunFolder, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    folder.remove();
    throw error;
  }
}
