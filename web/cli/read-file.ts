// Reading what was named on the command line: bounded, and with a sentence when it cannot be read.
import { type FileHandle, open } from 'node:fs/promises';
import { fromBase64 } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';

/** Larger than every blob, chain and export archive there is; images and initrds are hashed as a stream instead. */
export const SMALL_FILE_MAX = 1 << 20;

/**
 * Reads a whole small file; pipes too.
 * @throws SevError BYTES_FILE when it cannot be read, BYTES_TOO_LARGE beyond `max` bytes
 */
export async function readSmallFile(path: string, max = SMALL_FILE_MAX): Promise<Uint8Array> {
  return withFile(path, async (file) => {
    const bytes = new Uint8Array(max + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length);
      length += bytesRead;
      if (bytesRead === 0) return bytes.slice(0, length);
      if (length > max) throw new SevError('BYTES_TOO_LARGE', { at: path, because: `More than ${max} bytes.` });
    }
  });
}

/**
 * The same for a file whose right length is known: undefined when it has more bytes than `max`.
 * @throws SevError BYTES_FILE
 */
export async function readBounded(path: string, max: number): Promise<Uint8Array | undefined> {
  try {
    return await readSmallFile(path, max);
  } catch (error) {
    if (error instanceof SevError && error.code === 'BYTES_TOO_LARGE') return undefined;
    throw error;
  }
}

/** Opens a file for reading, and closes it whatever happens. */
export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path).catch((cause: unknown) => Promise.reject(unreadable(path, cause)));
  try {
    return await use(file);
  } catch (cause) {
    throw cause instanceof SevError ? cause : unreadable(path, cause);
  } finally {
    await file.close();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  EISDIR: 'It is a folder.',
  EACCES: 'You are not allowed to read it.',
};

export function unreadable(path: string, cause: unknown): SevError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  return new SevError('BYTES_FILE', { at: path, because: REASONS[code] ?? code, cause });
}

/**
 * A value that is either the path of a file or base64 text, as sevctl takes it; text in a file may be base64 too.
 * @throws SevError BYTES_ENCODING when it is neither
 */
export async function readFileOrBase64(value: string, at: string): Promise<Uint8Array> {
  const file = await readFileIfThere(value);
  if (file) return file;
  try {
    return fromBase64(value.replaceAll(/\s/g, ''), at);
  } catch (cause) {
    throw new SevError('BYTES_ENCODING', { at, because: 'There is no such file, and it is no base64 text.', cause });
  }
}

/** A small file, or undefined where a value names none, and may be the thing itself. @throws SevError BYTES_FILE, BYTES_TOO_LARGE */
export async function readFileIfThere(value: string): Promise<Uint8Array | undefined> {
  try {
    return await readSmallFile(value);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

// A long base64 text is no possible file name either.
const isMissing = (error: unknown): boolean =>
  error instanceof SevError &&
  ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((error.cause as NodeJS.ErrnoException | undefined)?.code ?? '');
