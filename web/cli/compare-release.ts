// Compares files with a release's manifest: in a folder, or as a server hands them out.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { bindsAsOurs, headersFor } from '../offline/headers.ts';
import type { ReleasedFile } from './release-manifest.ts';

/** `headers`: the content is right, but it came without the headers that bind the page. */
export type FileStatus = 'equal' | 'different' | 'missing' | 'extra' | 'headers';

export interface ComparedFile {
  readonly path: string;
  readonly status: FileStatus;
  /** What differs, where the status does not say it all. */
  readonly because?: string;
}

const TIMEOUT_MS = 30_000;

/**
 * @param ignore folders beside the released files that are none of them
 * @throws SevError BYTES_FILE when the folder cannot be read
 */
export async function compareFolder(
  folder: string,
  files: readonly ReleasedFile[],
  ignore: readonly string[] = [],
): Promise<readonly ComparedFile[]> {
  const present = new Set(await filesBelow(folder, ignore));
  const plain = (path: string): string => path.replace(/^\//, '');
  const compared = await Promise.all(
    files.map(async ({ path, sha256 }): Promise<ComparedFile> => {
      if (!present.delete(plain(path))) return { path, status: 'missing' };
      const content = await readFile(join(folder, plain(path)));
      return { path, status: hashOf(content) === sha256 ? 'equal' : 'different' };
    }),
  );
  const extra = [...present].sort().map((path): ComparedFile => ({ path, status: 'extra' }));
  return [...compared, ...extra];
}

async function filesBelow(folder: string, ignore: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new SevError('BYTES_FILE', { at: folder, because: 'It is no folder that can be read.', cause });
  });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !ignore.some((one) => path.startsWith(`${one}/`)));
}

/**
 * Asks a server for every released file. What a server has beyond them cannot be asked for.
 * @throws SevError RELAY_UNREACHABLE when it does not answer at all
 */
export async function compareServed(given: URL, files: readonly ReleasedFile[]): Promise<readonly ComparedFile[]> {
  const base = onThisDevice(given);
  const compared: ComparedFile[] = [];
  for (const file of files) compared.push(await compareAnswer(base, file));
  return compared;
}

async function compareAnswer(base: URL, { path, size, sha256 }: ReleasedFile): Promise<ComparedFile> {
  const answer = await ask(new URL(path.replace(/^\//, ''), base));
  if (new URL(answer.url).origin !== base.origin)
    return { path, status: 'different', because: 'It comes from elsewhere.' };
  if (!answer.ok) return { path, status: 'missing', because: `The server answered ${answer.status}.` };
  const content = await readAtMost(answer, size);
  if (content === undefined || hashOf(content) !== sha256) return { path, status: 'different' };
  const lacking = lackingHeaders(answer.headers, path);
  return lacking.length === 0
    ? { path, status: 'equal' }
    : { path, status: 'headers', because: `Other or no ${lacking.join(', ')}.` };
}

async function ask(url: URL): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    throw new SevError('RELAY_UNREACHABLE', {
      at: url.href,
      sentence: 'The server cannot be reached.',
      next: 'Check the address and the network.',
      cause,
    });
  }
}

/** Undefined as soon as there is more than the release has. */
async function readAtMost(answer: Response, size: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    parts.push(part as Uint8Array);
    length += (part as Uint8Array).length;
    if (length > size) return undefined;
  }
  return Buffer.concat(parts);
}

const lackingHeaders = (headers: Headers, path: string): readonly string[] =>
  Object.keys(headersFor(path)).filter((name) => !bindsAsOurs(path, name, headers.get(name) ?? ''));

const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Names under .localhost are this device, to browsers and by RFC 6761; Node asks a name server, which knows none of them. */
function onThisDevice(url: URL): URL {
  if (!url.hostname.endsWith('.localhost')) return url;
  const here = new URL(url);
  here.hostname = '127.0.0.1';
  return here;
}
