// The library as a file: one Uniform Resource a line, the same as each would be in a code.
import {
  encodeMessage,
  encodeUr,
  expectMessage,
  fileOfReference,
  type KnownFile,
  parseMessage,
  parseUr,
  referenceOfFile,
} from '../../shared/airgap/index.ts';
import { SevError } from '../../shared/errors.ts';

const MAX_LINES = 10_000;
const MAX_LENGTH = 4 * 1024 * 1024;

export async function exportLibrary(files: readonly KnownFile[]): Promise<string> {
  const lines = files.map(async (file) => encodeUr(await encodeMessage(referenceOfFile(file))));
  return `${(await Promise.all(lines)).join('\n')}\n`;
}

/**
 * Reads an exported library; every midstate is held against its hash.
 * @throws SevError BYTES_TOO_LARGE, BYTES_UNKNOWN, BYTES_SWAPPED, BYTES_VALUE
 */
export async function importLibrary(text: string): Promise<readonly KnownFile[]> {
  if (text.length > MAX_LENGTH) throw new SevError('BYTES_TOO_LARGE');
  const lines = text.split(/\s+/).filter((line) => line !== '');
  if (lines.length > MAX_LINES) throw new SevError('BYTES_TOO_LARGE', { because: `${lines.length} lines.` });
  return Promise.all(lines.map(readLine));
}

async function readLine(line: string): Promise<KnownFile> {
  const ur = parseUr(line);
  if ('part' in ur && ur.part !== undefined)
    throw new SevError('BYTES_VALUE', { because: 'It is one part of a series.' });
  return fileOfReference(expectMessage(await parseMessage(ur), { kinds: ['reference'] }));
}
