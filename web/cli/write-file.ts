// Writing results: never over a file that is there unless that was asked for, and keys for their owner alone.
import { constants } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { requirePrivateFolder } from './private-folder.ts';

export interface Output {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** A key: mode 0600, in a private folder. Anything else gets the mode that the umask leaves. */
  readonly isKey?: boolean;
}

/**
 * Writes all files or, where one stands in the way or a folder is not private, none.
 *
 * @param force lets files be replaced; each is replaced whole, and a link in its place is not followed
 * @throws SevError VAULT_FILE_EXISTS, VAULT_PLACE, VAULT_WRITE
 */
export async function writeOutputs(outputs: readonly Output[], force: boolean): Promise<void> {
  for (const folder of new Set(outputs.filter(({ isKey }) => isKey).map(({ path }) => dirname(path)))) {
    await requirePrivateFolder(folder);
  }
  if (!force) for (const { path } of outputs) await requireAbsent(path);
  for (const output of outputs) await write(output, force);
}

async function requireAbsent(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found) throw new SevError('VAULT_FILE_EXISTS', { at: path });
}

async function write(output: Output, force: boolean): Promise<void> {
  const { path } = output;
  try {
    if (!force) return await create(path, output);
    const fresh = `${path}.${process.pid}.new`;
    await create(fresh, output);
    await rename(fresh, path);
  } catch (cause) {
    if (cause instanceof SevError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') throw new SevError('VAULT_FILE_EXISTS', { at: path, cause });
    throw new SevError('VAULT_WRITE', { at: path, because: code && `The system says ${code}.`, cause });
  }
}

/** Makes a new file; one that cannot be kept private or written whole is taken away again. */
async function create(path: string, { bytes, isKey = false }: Output): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const file = await open(path, flags, isKey ? 0o600 : 0o666);
  try {
    // The umask may have taken bits away; and some file systems keep no modes at all.
    if (isKey) {
      await file.chmod(0o600);
      const { mode } = await file.stat();
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw new SevError('VAULT_PLACE', { at: path, because: 'This file system keeps no modes: all can read it.' });
      }
    }
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
