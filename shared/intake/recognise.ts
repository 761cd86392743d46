// Paste or drop anything: what it is, is told by its content; its name is only a hint.
import { SevError } from '../errors.ts';
import { readBinary, readLargeFile, readTransportKey } from './binary.ts';
import { MAX_INPUT_BYTES } from './limits.ts';
import type { Piece } from './piece.ts';
import { asText, readText } from './text.ts';
import { looksLikeZip, readZip } from './zip.ts';

/**
 * Turns whatever was given into typed pieces. Nothing is verified here: a piece says what something is, not whether it
 * is true.
 *
 * @param name the file's name, if it has one
 * @throws SevError BYTES_UNKNOWN when it is nothing known here; BYTES_TOO_LARGE; or the fault of what it was taken for
 */
export async function recognise(bytes: Uint8Array, name = ''): Promise<Piece[]> {
  if (bytes.length === 0) throw new SevError('BYTES_LENGTH', { at: name, sentence: 'It is empty.' });
  const large = readLargeFile(bytes, name);
  if (large) return [large];
  if (bytes.length > MAX_INPUT_BYTES)
    throw new SevError('BYTES_TOO_LARGE', { at: name, because: `${bytes.length} bytes.` });
  if (looksLikeZip(bytes)) return recogniseZip(bytes, name);
  const pieces = await readOne(bytes, name);
  if (pieces.length > 0) return pieces;
  throw unknown(bytes, name);
}

const SNP_REPORT_SIZE = 1184;

/** Text first: a text of 128 hex digits is no session blob, although it has 128 bytes. */
async function readOne(bytes: Uint8Array, name: string): Promise<Piece[]> {
  const key = readTransportKey(bytes, name);
  if (key) return [key];
  const text = asText(bytes);
  return text === undefined ? readBinary(bytes, name) : readText(text, name);
}

/** Files of a zip that are nothing known here, such as a readme, are passed over; at least one must be known. */
async function recogniseZip(bytes: Uint8Array, name: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const file of await readZip(bytes, name || 'zip')) {
    if (file.bytes.length > 0) pieces.push(...(await readOne(file.bytes, [name, file.name].filter(Boolean).join('/'))));
  }
  if (pieces.length > 0) return pieces;
  throw new SevError('BYTES_UNKNOWN', { at: name, sentence: 'Nothing in this zip is known here.' });
}

function unknown(bytes: Uint8Array, at: string): SevError {
  if (bytes.length === SNP_REPORT_SIZE) {
    return new SevError('BYTES_UNKNOWN', {
      at,
      sentence: 'This may be a report of SEV-SNP, which is not read here yet.',
    });
  }
  if (asText(bytes)?.includes('-----BEGIN CERTIFICATE-----') || (bytes[0] === 0x30 && bytes[1] === 0x82)) {
    const sentence =
      "This is an X.509 certificate. SEV's certificates have a form of their own; X.509 belongs to SEV-SNP.";
    return new SevError('BYTES_UNKNOWN', { at, sentence });
  }
  return new SevError('BYTES_UNKNOWN', { at, because: `It has ${bytes.length} bytes.` });
}
