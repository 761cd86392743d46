// Secrets named on the command line as GUID:FILE, read and laid out as the guest will find them.
import { SevError } from '../../shared/errors.ts';
import { encodeGuid, type Guid } from '../../shared/bytes/guid.ts';
import { knownSecret } from '../../shared/guest/known-secrets.ts';
import { encodeSecretTable, MAX_SINGLE_SECRET, type SecretEntry } from '../../shared/guest/secret-table.ts';
import { readSmallFile } from './read-file.ts';
import { usage } from './usage.ts';

/** One secret as it was asked for; its file is not yet read. */
export interface SecretFile {
  readonly guid: Guid;
  readonly path: string;
}

/**
 * Reads `GUID:FILE`, or the name of a known secret in the GUID's place.
 * @throws SevError RELAY_USAGE
 */
export function parseSecretFile(text: string, at: string): SecretFile {
  const colon = text.indexOf(':');
  if (colon < 0) throw usage(at, 'It is written as GUID:FILE.');
  const [name, path] = [text.slice(0, colon), text.slice(colon + 1)];
  return { guid: knownSecret(name)?.guid ?? requireGuid(name, at), path };
}

function requireGuid(name: string, at: string): Guid {
  try {
    encodeGuid(name);
    return name.toLowerCase();
  } catch (cause) {
    if (!(cause instanceof SevError)) throw cause;
    throw usage(at, `“${name.slice(0, 60)}” is neither a GUID nor the name of a known secret, such as luks-key.`);
  }
}

/**
 * Reads the files into a table; the caller wipes it. The files go in as they are: nothing is trimmed, no NUL added.
 * @throws SevError BYTES_FILE, MEASURE_SECRET_SIZE, MEASURE_SECRET_GUID
 */
export async function readSecretTable(files: readonly SecretFile[], areaSize?: number): Promise<Uint8Array> {
  const entries: SecretEntry[] = [];
  try {
    for (const { guid, path } of files) entries.push({ guid, data: await readSecret(path) });
    return encodeSecretTable(entries, areaSize);
  } finally {
    for (const { data } of entries) data.fill(0);
  }
}

async function readSecret(path: string): Promise<Uint8Array> {
  try {
    return await readSmallFile(path, MAX_SINGLE_SECRET);
  } catch (error) {
    const isLarge = error instanceof SevError && error.code === 'BYTES_TOO_LARGE';
    if (!isLarge) throw error;
    throw new SevError('MEASURE_SECRET_SIZE', {
      at: path,
      because: `A secret has at most ${MAX_SINGLE_SECRET} bytes.`,
    });
  }
}
