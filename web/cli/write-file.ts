// Writing results: never over a file that is there unless that was asked for, and keys for their owner alone.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { requirePrivateFolder } from './private-folder.ts';
import { usage } from './usage.ts';

export interface Output {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** A key: mode 0600, in a private folder. Anything else gets the mode that the umask leaves. */
  readonly isKey?: boolean;
}

/**
 * Writes all files or none: also where one stands in the way, a folder is not private, or the disk is full.
 *
 * @param force lets files be replaced; each is replaced whole; what is no file, such as a link, is neither followed nor replaced
 * @throws SevError RELAY_USAGE when two have one path, VAULT_FILE_EXISTS, VAULT_PLACE, VAULT_WRITE
 */
export async function writeOutputs(outputs: readonly Output[], force: boolean): Promise<void> {
  requireApart(outputs);
  for (const folder of new Set(outputs.filter(({ isKey }) => isKey).map(({ path }) => dirname(path)))) {
    await requirePrivateFolder(folder);
  }
  for (const { path } of outputs) await (force ? requireReplaceable(path) : requireAbsent(path));
  const made: string[] = [];
  // Drawn, since in a container every process may have the same number: what a killed one left must not be in the way.
  const suffix = force ? `.${randomBytes(6).toString('hex')}.new` : '';
  try {
    for (const output of outputs) made.push(await make(output, suffix));
    if (force) for (const { path } of outputs) await said(path, () => rename(`${path}${suffix}`, path));
  } catch (error) {
    // What was renamed is no longer there under its first name, and stays.
    for (const path of made) await rm(path, { force: true });
    throw error;
  }
}

/** One file for two results would keep the second alone. */
function requireApart(outputs: readonly Output[]): void {
  const paths = outputs.map(({ path }) => resolve(path));
  const twice = outputs.find(({ path }, i) => paths.indexOf(resolve(path)) < i);
  if (twice) throw usage(twice.path, 'Two results cannot go into one file.');
}

/** @throws SevError VAULT_FILE_EXISTS */
export async function requireAbsent(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found) throw new SevError('VAULT_FILE_EXISTS', { at: path });
}

/** Nothing but a file: `/dev/stdout` is a link, and whoever may replace it must not. */
async function requireReplaceable(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found || found.isFile()) return;
  throw new SevError('VAULT_WRITE', {
    at: path,
    because: 'It is no file that could be replaced.',
    next: 'Name a file that is not there yet.',
  });
}

/** Makes one file, with a suffix beside the one that it will replace; answers where. */
async function make(output: Output, suffix: string): Promise<string> {
  const path = `${output.path}${suffix}`;
  await said(output.path, () => create(path, output));
  return path;
}

async function said(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
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
