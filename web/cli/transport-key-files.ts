// TEK and TIK from the files of the other tools. Never from the command line, where every user could read them.
import { importCipherKey, importMacKey } from '../../shared/crypto/mac.ts';
import { SevError } from '../../shared/errors.ts';
import type { TransportKeys } from '../../shared/sev/session/launch-session.ts';
import { type RawTransportKeys, wipeTransportKeys } from '../../shared/sev/session/session-blob.ts';
import type { OptionTable } from './options.ts';
import { readBounded } from './read-file.ts';
import { usage } from './usage.ts';

export const KEY_OPTIONS = {
  tik: { kind: 'text' },
  tek: { kind: 'text' },
  tk: { kind: 'text' },
} as const satisfies OptionTable;

export interface KeyFiles {
  /** sev-tool's tmp_tk.bin: TEK then TIK, 32 bytes. */
  readonly tk?: string | undefined;
  /** sevctl's two files of 16 bytes. */
  readonly tik?: string | undefined;
  readonly tek?: string | undefined;
}

/** @throws SevError RELAY_USAGE unless either `tk` or both of the others were given */
export function requireKeyFiles({ tk, tik, tek }: KeyFiles): void {
  if (tk !== undefined && (tik !== undefined || tek !== undefined)) {
    throw usage('--tk', 'It holds both keys; --tik and --tek do not go with it.');
  }
  if (tk === undefined && (tik === undefined || tek === undefined)) {
    throw usage('', 'The keys are needed: --tik and --tek, or --tk.');
  }
}

/** @throws SevError RELAY_USAGE when a file has the wrong length, BYTES_FILE */
export const readTransportKeys = (files: KeyFiles): Promise<TransportKeys> =>
  withRawKeys(files, async ({ tek, tik }) => ({ tek: await importCipherKey(tek), tik: await importMacKey(tik) }));

/**
 * Lends the raw keys out, and wipes them afterwards.
 * @throws SevError as readTransportKeys
 */
export async function withRawKeys<T>(files: KeyFiles, use: (raw: RawTransportKeys) => Promise<T> | T): Promise<T> {
  requireKeyFiles(files);
  const raw = await readRaw(files);
  try {
    return await use(raw);
  } finally {
    wipeTransportKeys(raw);
  }
}

/** @throws SevError as readTransportKeys */
export async function readTik(path: string): Promise<TransportKeys['tik']> {
  const raw = await readKey(path, '--tik', 16);
  try {
    return await importMacKey(raw);
  } finally {
    raw.fill(0);
  }
}

async function readRaw({ tk, tik, tek }: KeyFiles): Promise<RawTransportKeys> {
  if (tk === undefined) {
    return { tik: await readKey(tik ?? '', '--tik', 16), tek: await readKey(tek ?? '', '--tek', 16) };
  }
  const both = await readKey(tk, '--tk', 32);
  const raw = { tek: both.slice(0, 16), tik: both.slice(16) };
  both.fill(0);
  return raw;
}

/** @throws SevError RELAY_USAGE when the file has another length, BYTES_FILE */
export async function readKey(path: string, at: string, length: number): Promise<Uint8Array> {
  const bytes = await readBounded(path, 4096).catch((cause: unknown) => {
    throw KEY_TEXT.test(path) ? keyOnCommandLine(at) : cause;
  });
  if (bytes?.length === length) return bytes;
  bytes?.fill(0);
  const size = bytes ? `${bytes.length}` : 'more than 4096';
  throw usage(at, `The file has ${size} bytes instead of ${length}.${hint(bytes?.length ?? 0, length)}`);
}

/** 16 or 32 bytes in base64 or hex, which sevctl takes in a file's place. */
const KEY_TEXT = /^([A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{43}=|[0-9a-fA-F]{32}|[0-9a-fA-F]{64})$/;

/** What cannot be opened and looks like a key is not repeated: messages end up in logs. */
const keyOnCommandLine = (at: string): SevError =>
  new SevError('BYTES_FILE', {
    at,
    sentence: 'Keys are taken only from files: every user of this machine can read a command line.',
    next: 'If this was the key of a session, make a new session.',
  });

const hint = (actual: number, expected: number): string => {
  if (actual === 32 && expected === 16) return ' That many has the file for --tk, which holds both keys.';
  if (actual === 16 && expected === 32) return ' That many has a single key, for --tik or --tek.';
  return '';
};
