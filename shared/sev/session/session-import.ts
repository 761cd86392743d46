// Reading back a session from the files of the other tools, by what they hold; their names only help where two look alike.
import { SevError } from '../../errors.ts';
import { fromBase64, fromUtf8 } from '../../bytes/text.ts';
import type { CryptoKey } from '../../crypto/subtle.ts';
import { nameAlone } from '../../text/file-name.ts';
import { LAUNCH_SESSION_SIZE, parseLaunchSession } from '../formats/launch-session.ts';
import { parseSevCert, SEV_CERT_SIZE } from '../formats/sev-cert.ts';
import { type RawTransportKeys, sessionFitsPolicy } from './session-blob.ts';

export interface GivenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What was found. `raw` is for the caller to wipe, as are the bytes of the files themselves. */
export interface ImportedSession {
  readonly godh?: Uint8Array;
  readonly blob?: Uint8Array;
  readonly raw?: RawTransportKeys;
}

type Found = { godh?: Uint8Array; blob?: Uint8Array; tek?: Uint8Array; tik?: Uint8Array };

const KEY_SIZE = 16;
/** The longest text that may hold a GODH, with line breaks. */
const MAX_TEXT = 8192;

/**
 * Reads any selection of a session's files: sevctl's, sev-tool's, or libvirt's article's older names.
 * @throws SevError BYTES_UNKNOWN, BYTES_SWAPPED, BYTES_VALUE when one is given twice or a key file cannot be told,
 *   and what parseSevCert throws
 */
export function importSession(files: readonly GivenFile[]): ImportedSession {
  const found: Found = {};
  for (const given of files) {
    for (const [part, bytes] of Object.entries(readFile(given)) as [keyof Found, Uint8Array][]) {
      if (found[part])
        throw new SevError('BYTES_VALUE', { at: given.name, because: `There is more than one ${part}.` });
      found[part] = bytes;
    }
  }
  const { godh, blob, tek, tik } = found;
  if ((tek === undefined) !== (tik === undefined)) {
    const because = `The ${tek ? 'TIK' : 'TEK'} is missing.`;
    throw new SevError('BYTES_VALUE', { at: 'keys', because, next: 'Give both key files of the session.' });
  }
  return { ...(godh && { godh }), ...(blob && { blob }), ...(tek && tik && { raw: { tek, tik } }) };
}

function readFile({ name, bytes }: GivenFile): Found {
  // The last such word: whatever the session was called stands before it.
  const said = /^.*(godh|session|launch_blob|tmp_tk|tek|tik|tk)/is.exec(nameAlone(name))?.[1]?.toLowerCase();
  const binary = decoded(bytes);
  switch (binary.length) {
    case SEV_CERT_SIZE:
      requireSaid(name, said, ['godh'], 'a certificate such as the GODH');
      return { godh: requireGodh(binary, name) };
    case LAUNCH_SESSION_SIZE:
      requireSaid(name, said, ['session', 'launch_blob'], 'a session blob');
      parseLaunchSession(binary, name);
      return { blob: binary };
    case 2 * KEY_SIZE:
      requireSaid(name, said, ['tmp_tk', 'tk'], 'TEK and TIK together');
      return halves(binary);
    case KEY_SIZE:
      requireSaid(name, said, ['tek', 'tik'], 'a single key');
      if (said === 'tek' || said === 'tik') return { [said]: binary };
      binary.fill(0);
      throw new SevError('BYTES_VALUE', {
        at: name,
        because: '16 bytes are a key, and the name does not say which.',
        next: 'Name the files NAME_tek.bin and NAME_tik.bin, as sevctl does.',
      });
    default:
      throw new SevError('BYTES_UNKNOWN', { at: name, because: `${binary.length} bytes are no part of a session.` });
  }
}

function halves(both: Uint8Array): Found {
  const keys = { tek: both.slice(0, KEY_SIZE), tik: both.slice(KEY_SIZE) };
  both.fill(0);
  return keys;
}

/** The bytes themselves, or what they are base64 of. No part of a session is as long as the base64 of another. */
function decoded(bytes: Uint8Array): Uint8Array {
  const sizes = [SEV_CERT_SIZE, LAUNCH_SESSION_SIZE, 2 * KEY_SIZE, KEY_SIZE];
  if (sizes.includes(bytes.length) || bytes.length > MAX_TEXT) return bytes.slice();
  try {
    const inner = fromBase64(fromUtf8(bytes).replace(/[ \t\r\n]/g, ''));
    return sizes.includes(inner.length) ? inner : bytes.slice();
  } catch {
    return bytes.slice();
  }
}

function requireSaid(name: string, said: string | undefined, fitting: readonly string[], what: string): void {
  if (said === undefined || fitting.includes(said)) return;
  throw new SevError('BYTES_SWAPPED', {
    at: name,
    sentence: `The file is named “${said}”, and holds ${what}.`,
    next: 'Look which file is which; two of them may have been exchanged.',
  });
}

function requireGodh(bytes: Uint8Array, at: string): Uint8Array {
  const { usage } = parseSevCert(bytes, at);
  if (usage === 'PDH') return bytes;
  throw new SevError('BYTES_SWAPPED', { at, sentence: `This is the certificate of a ${usage}, not the GODH.` });
}

/**
 * The policy that a session was made for, among all flags and the API versions that exist: the blob has a MAC over it.
 * @returns undefined where it is none of these, or the TIK is not the session's
 */
export async function findSessionPolicy(blob: Uint8Array, tik: CryptoKey): Promise<number | undefined> {
  for (const api of minimumApis()) {
    const policies = Array.from({ length: 64 }, (_, flags) => (flags | api) >>> 0);
    const fits = await Promise.all(policies.map((policy) => sessionFitsPolicy(blob, tik, policy)));
    const found = policies.find((_, i) => fits[i]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Minimum APIs as a policy holds them: none, then 0.1 to 0.63, then 1.0 to 1.63. */
const minimumApis = (): readonly number[] =>
  [0, 1].flatMap((major) => Array.from({ length: 64 }, (_, minor) => ((minor << 24) | (major << 16)) >>> 0));
