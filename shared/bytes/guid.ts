// GUIDs as EFI stores them: the first three fields little-endian, the last eight bytes as written.
import { SevError } from '../errors.ts';
import { requireLength } from './reader.ts';
import { fromHex, toHex } from './text.ts';

/** A GUID in its usual text form, lower case: `1e74f542-71dd-4d66-963e-ef4287ff173b`. */
export type Guid = string;

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
// Position in the 16 stored bytes → position in the text's 16 bytes; the mapping is its own inverse.
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

const reorder = (bytes: Uint8Array): Uint8Array => Uint8Array.from(ORDER, (from) => bytes[from]!);

/** @throws SevError BYTES_LENGTH */
export function parseGuid(bytes: Uint8Array, at = 'guid'): Guid {
  requireLength(bytes, 16, at);
  const hex = toHex(reorder(bytes));
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** @throws SevError BYTES_ENCODING when the text is not a GUID */
export function encodeGuid(guid: Guid, at = 'guid'): Uint8Array {
  if (!FORM.test(guid)) {
    throw new SevError('BYTES_ENCODING', {
      at,
      sentence: 'This is not a GUID.',
      next: 'Write it as 8-4-4-4-12 hex digits.',
    });
  }
  return reorder(fromHex(guid.replaceAll('-', '')));
}
