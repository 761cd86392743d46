// What virsh prints: `name : value` lines of nodesevinfo and domlaunchsecinfo.
import { fieldName, hasKnownField, readFields } from './fields.ts';
import type { Piece } from './piece.ts';

const LINE = /^\s*([a-z][a-z0-9-]{1,40})\s*:(.*)$/;
/** A terminal may have broken a certificate over several lines. */
const CONTINUATION = /^\s*[A-Za-z0-9+/]+={0,2}\s*$/;

/**
 * @returns no pieces when no line has a name that is known
 * @throws SevError BYTES_ENCODING, BYTES_VALUE, or a certificate's own fault, with the line's name in `at`
 */
export async function readVirsh(text: string, source: string): Promise<Piece[]> {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name !== undefined) fields.set((last = fieldName(name)), value!.trim());
    else if (last !== undefined && CONTINUATION.test(line)) fields.set(last, fields.get(last)! + line.trim());
    else last = undefined;
  }
  return hasKnownField(fields) ? readFields(fields, source) : [];
}
