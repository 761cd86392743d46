// Where a simulated host's guests live while it runs: outside its own folder, which holds nothing of a guest's memory.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inState, readIfThere, writeWhole } from '../state.ts';

export interface RunFolder {
  readonly path: string;
  /** One folder a guest: its socket, and `console.log`, which tells what it found in its memory. */
  readonly guests: string;
  remove(): void;
}

const FORM = join(tmpdir(), 'sev-simulated-');

/** Where the present or last run's folder is; tests read it to look into guests' memories. */
export const runFolderRecord = (dir: string): string => join(dir, 'simulated-run');

/** The folder that a relay left behind which was killed, if there is one. */
export function leftRunFolder(dir: string): string | undefined {
  const left = inState(dir, () => readIfThere(runFolderRecord(dir)))?.trim();
  return left?.startsWith(FORM) && !left.includes('..') ? left : undefined;
}

/** A fresh folder; what a killed relay left behind is removed. */
export function openRunFolder(dir: string): RunFolder {
  return inState(dir, () => {
    const left = leftRunFolder(dir);
    if (left !== undefined) rmSync(left, { recursive: true, force: true });
    const path = mkdtempSync(FORM);
    writeWhole(runFolderRecord(dir), `${path}\n`);
    const guests = join(path, 'guests');
    mkdirSync(guests, { mode: 0o700 });
    const remove = () => {
      rmSync(path, { recursive: true, force: true });
      rmSync(runFolderRecord(dir), { force: true });
    };
    return { path, guests, remove };
  });
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
