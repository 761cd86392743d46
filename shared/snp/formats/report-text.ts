// Reports as text: hex, base64 of both alphabets, what xxd and hexdump print, and a REPORT block between dashes.
import { SevError } from '../../errors.ts';
import { fromBase64, fromHex } from '../../bytes/text.ts';
import { REPORT_FAULTS } from './report-words.ts';

export type TextShape = 'hex' | 'base64' | 'base64url' | 'hex-dump' | 'pem';

export interface ReportText {
  readonly shape: TextShape;
  readonly bytes: Uint8Array;
}

/** xxd: `00000000: 0200 0000 …  ....`; hexdump -C: `00000000  02 00 …  |....|`, and at its end the size alone. */
const DUMP_LINE = /^([0-9a-f]{7,8})(?:: ((?:[0-9a-f]{2,8} )+) | {2}((?:[0-9a-f]{2} {1,2}){1,16}) *\||$)/i;
const MAX_LINE = 120;
const MAX_DUMP_BYTES = 128 * 1024;
const BLOCK = /^-----BEGIN ([A-Z0-9 -]{0,40}REPORT)-----([A-Za-z0-9+/=\s]*)-----END ([A-Z0-9 -]{0,40}REPORT)-----$/;

/**
 * Decodes a text. Hex goes before base64: its digits are base64 characters too, but not the reverse.
 * @throws SevError SNP_REPORT_SHAPE when it is none of them
 */
export function readReportText(given: string, at: string): ReportText {
  const text = given.trim().replaceAll(/^["']|["']$/g, '');
  const refuse = (): SevError => new SevError('SNP_REPORT_SHAPE', { at, because: REPORT_FAULTS.textDigits() });
  const dump = readDump(text);
  if (dump) return { shape: 'hex-dump', bytes: dump };
  const block = BLOCK.exec(text);
  if (block && block[1] !== block[3]) throw refuse();
  const digits = (block ? block[2]! : text).replaceAll(/\s/g, '').replace(/^0x/i, '');
  if (digits.length === 0) throw refuse();
  try {
    if (block) return { shape: 'pem', bytes: fromBase64(digits, at) };
    if (/^[0-9a-f]+$/i.test(digits)) return { shape: 'hex', bytes: fromHex(digits, at) };
    const isUrl = /[-_]/.test(digits);
    const standard = digits.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = fromBase64(standard.padEnd(4 * Math.ceil(standard.length / 4), '='), at);
    return { shape: isUrl || !/=$|^(?:.{4})*$/.test(digits) ? 'base64url' : 'base64', bytes };
  } catch (error) {
    throw error instanceof SevError ? refuse() : error;
  }
}

/** The bytes of a hex dump whose offsets follow each other; undefined when it is none. A line `*` repeats the one before it. */
function readDump(text: string): Uint8Array | undefined {
  const parts: string[] = [];
  let [size, isRepeated] = [0, false];
  for (const line of text.split(/\r?\n/)) {
    if (line === '*' && parts.length > 0) {
      isRepeated = true;
      continue;
    }
    const found = DUMP_LINE.exec(line.length > MAX_LINE ? '' : line);
    if (!found) return undefined;
    const offset = Number.parseInt(found[1]!, 16);
    const last = parts.at(-1);
    while (isRepeated && last && size < offset && size < MAX_DUMP_BYTES) {
      parts.push(last);
      size += last.length / 2;
    }
    if (size !== offset) return undefined;
    const hex = (found[2] ?? found[3] ?? '').replaceAll(' ', '');
    if (hex.length % 2 !== 0) return undefined;
    parts.push(hex);
    [size, isRepeated] = [size + hex.length / 2, false];
  }
  return isRepeated ? undefined : fromHex(parts.join(''));
}
