// Where keys may be written: only into a folder that nobody else can read or change.
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { unreadable } from './read-file.ts';

const OTHERS_PASS = 0o001;
const OTHERS_READ_OR_WRITE = 0o006;
const GROUP_WRITE = 0o020;

/** Makes the folder where it is missing, for its owner alone. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) =>
    Promise.reject(unreadable(path, cause)),
  );
}

/**
 * Refuses a folder in which others could read or replace a key: one that others may read or write and can reach, one
 * that its group may write, and one that belongs to another user. A folder inside one that others cannot enter is
 * private, whatever its own mode says.
 *
 * @throws SevError VAULT_PLACE
 */
export async function requirePrivateFolder(path: string): Promise<void> {
  const folder = resolve(path);
  const { mode, uid } = await stat(folder).catch((cause: unknown) => Promise.reject(unreadable(path, cause)));
  // Windows knows neither modes nor owners of this kind.
  const self = process.getuid?.();
  if (self === undefined) return;
  if (uid !== self && uid !== 0) throw refusal(folder, 'The folder belongs to another user.');
  const isOpen = (mode & OTHERS_READ_OR_WRITE) !== 0 || (mode & GROUP_WRITE) !== 0;
  if (isOpen && (await othersCanReach(folder))) {
    throw refusal(folder, `Its mode is ${(mode & 0o7777).toString(8)}: others can read or change what is in it.`);
  }
}

/** Whether every folder above lets others pass. */
async function othersCanReach(folder: string): Promise<boolean> {
  const above = dirname(folder);
  if (above === folder) return true;
  const { mode } = await stat(above);
  return (mode & OTHERS_PASS) !== 0 && (await othersCanReach(above));
}

const refusal = (at: string, because: string): SevError => new SevError('VAULT_PLACE', { at, because });
