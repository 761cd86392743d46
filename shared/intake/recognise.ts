// Paste or drop anything: what it is, is told by its content; its name is only a hint.
import { SevError } from '../errors.ts';
import { damageOf } from './damage.ts';
import { readBinary, readLargeFile, readTransportKey } from './binary.ts';
import { MAX_INPUT_BYTES } from './limits.ts';
import type { Piece } from './piece.ts';
import { nameOfSource } from './places.ts';
import { asText, encodedLength, readText } from './text.ts';
import { nameUnknown } from './unknown.ts';
import { unknownSize } from './words.ts';
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
  return recogniseOne(bytes, name);
}

/** Text first: a text of 128 hex digits is no session blob, although it has 128 bytes. */
async function readOne(bytes: Uint8Array, name: string): Promise<Piece[]> {
  const key = readTransportKey(bytes, name);
  if (key) return [key];
  const text = asText(bytes);
  if (text !== undefined) return readText(text, name);
  const damage = damageOf(bytes, name);
  if (damage) throw damage;
  return readBinary(bytes, name);
}

/** A file that is named after a certificate breaks the drawing there, and leaves the others to be read. */
function broken(bytes: Uint8Array, source: string, error: SevError): Piece {
  const name = nameOfSource(source);
  if (!name) throw error;
  return { kind: 'unreadable', name, bytes: bytes.slice(), error, source };
}

/** What lies beside certificates and cannot be read either, such as notes that are no JSON: it is not meant for us. */
export const isBystander = (error: unknown): error is SevError =>
  error instanceof SevError && ['BYTES_UNKNOWN', 'BYTES_ENCODING', 'BYTES_VALUE'].includes(error.code);

/** Files of a zip that are nothing known here, such as a readme, are passed over; at least one must be known. */
async function recogniseZip(bytes: Uint8Array, name: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  const passedOver: SevError[] = [];
  for (const file of await readZip(bytes, name || 'zip')) {
    const place = [name, file.name].filter(Boolean).join('/');
    try {
      if (file.bytes.length > 0) pieces.push(...(await recogniseOne(file.bytes, place)));
    } catch (error) {
      if (!isBystander(error)) throw error;
      passedOver.push(error);
    }
  }
  if (pieces.length > 0) return pieces;
  const sentence = 'Nothing in this zip is known here.';
  if (passedOver.length === 1) throw passedOver[0]!;
  throw new SevError('BYTES_UNKNOWN', { at: name, sentence });
}

/** Its own size, or that of the bytes that a text stands for: a byte more or less is how a blob is cut. */
function sizeOf(bytes: Uint8Array, text: string | undefined): string {
  const encoded = text === undefined ? undefined : encodedLength(text);
  return unknownSize(encoded ?? { encoding: undefined, length: bytes.length });
}

async function recogniseOne(bytes: Uint8Array, name: string): Promise<Piece[]> {
  try {
    const pieces = await readOne(bytes, name);
    if (pieces.length > 0) return pieces;
    const text = asText(bytes);
    throw nameUnknown(bytes, text, name) ?? new SevError('BYTES_UNKNOWN', { at: name, because: sizeOf(bytes, text) });
  } catch (error) {
    if (!(error instanceof SevError)) throw error;
    return [broken(bytes, name, error)];
  }
}
