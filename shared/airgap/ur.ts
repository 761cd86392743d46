// Uniform Resources as text (BCR-2020-005): `UR:TYPE/MESSAGE`, or `UR:TYPE/NUMBER-TOTAL/PART` for one part of several.
// Written in upper case, which QR codes hold in fewer modules; read in either.
import { SevError } from '../errors.ts';
import { decodeBytewords, encodeBytewords } from './bytewords.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';
import { encodePart, type Part, parsePart } from './part.ts';

/** A whole message and its type: lower-case letters, digits and hyphens. */
export interface Ur {
  readonly type: string;
  readonly payload: Uint8Array;
}

/** What one text holds. */
export type UrText = (Ur & { readonly part?: undefined }) | { readonly type: string; readonly part: Part };

const FORM = /^UR:([A-Z0-9-]{1,40})\/(?:([0-9]{1,10})-([0-9]{1,10})\/)?([A-Z]+)$/;
const MAX_CHARACTERS = 2 * MAX_MESSAGE_BYTES + 100;

export const encodeUr = ({ type, payload }: Ur): string => `UR:${type.toUpperCase()}/${encodeBytewords(payload)}`;

export const encodeUrPart = (type: string, part: Part): string =>
  `UR:${type.toUpperCase()}/${part.number}-${part.total}/${encodeBytewords(encodePart(part))}`;

/** Whether a text means to be a Uniform Resource at all. */
export const looksLikeUr = (text: string): boolean => /^ur:/i.test(text);

/**
 * Reads one text, whole message or part.
 * @throws SevError BYTES_ENCODING, BYTES_CHECKSUM, BYTES_LENGTH, BYTES_VALUE, BYTES_TOO_LARGE
 */
export function parseUr(text: string): UrText {
  if (text.length > MAX_CHARACTERS) throw new SevError('BYTES_TOO_LARGE');
  const [, upperType, number, total, body] = FORM.exec(text.toUpperCase()) ?? [];
  if (!upperType || !body) throw new SevError('BYTES_ENCODING', { sentence: 'This is not a Uniform Resource.' });
  const type = upperType.toLowerCase();
  const payload = decodeBytewords(body);
  if (number === undefined) return { type, payload };
  const part = parsePart(payload);
  // Said twice on the wire, and thus to be the same twice.
  if (Number(number) === part.number && Number(total) === part.total) return { type, part };
  throw new SevError('BYTES_VALUE', {
    at: 'part',
    because: `The text says ${number}-${total}, the part itself does not.`,
  });
}
