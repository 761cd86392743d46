// What virsh prints: `name : value` lines of nodesevinfo and domlaunchsecinfo. sev-tool's --platform_status has such, too.
import { fieldName, hasKnownField, isKnownField, readFields } from './fields.ts';
import type { Piece } from './piece.ts';

const LINE = /^\s*([a-z][a-z0-9_-]{1,40})\s*:(.*)$/;
/** A terminal may have broken a certificate over several lines. */
const CONTINUATION = /^\s*[A-Za-z0-9+/]+={0,2}\s*$/;

/**
 * @returns no pieces when no line has a name that is known
 * @throws SevError BYTES_ENCODING, BYTES_VALUE, or a certificate's own fault, with the line's name in `at`
 */
export async function readVirsh(text: string, source: string): Promise<Piece[]> {
  let fields = new Map<string, string>();
  const hosts = [fields];
  let last: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name !== undefined) {
      last = fieldName(name);
      // A name that comes again begins what another host said: two hosts must not be taken for one.
      if (fields.has(last) && isKnownField(last)) hosts.push((fields = new Map<string, string>()));
      fields.set(last, value!.trim());
    } else if (last !== undefined && CONTINUATION.test(line)) fields.set(last, fields.get(last)! + line.trim());
    else last = undefined;
  }
  const pieces = await Promise.all(hosts.filter(hasKnownField).map((host) => readFields(host, source)));
  return pieces.flat();
}
