// Binary files that something on their way took for text: a terminal, PowerShell, an editor. They cannot be read, but named.
import { SevError } from '../errors.ts';
import { fromUtf8 } from '../bytes/text.ts';
import { ATTESTATION_REPORT_SIZE } from '../sev/formats/attestation-report.ts';
import { CA_CERT_SIZES, SEV_CERT_SIZE } from '../sev/formats/sizes.ts';
import { placesOf } from './places.ts';

const isFileSize = (size: number): boolean =>
  [SEV_CERT_SIZE, ATTESTATION_REPORT_SIZE, ...Object.values(CA_CERT_SIZES)].includes(size) ||
  placesOf(size) !== undefined;

/** What happened to these bytes; undefined where they have the size of a file, or nothing of the kind is seen. */
export function damageOf(bytes: Uint8Array, at: string): SevError | undefined {
  if (isFileSize(bytes.length)) return undefined;
  const sentence = hasReplacements(bytes)
    ? LOST
    : hasCarriageReturns(bytes)
      ? LINE_ENDS
      : isReencoded(bytes)
        ? UTF8
        : '';
  return sentence ? new SevError('BYTES_ENCODING', { at, sentence, next: NEXT }) : undefined;
}

const LOST = 'This was a binary file, and was saved as text: bytes that are no letters are lost from it.';
const LINE_ENDS = 'This was a binary file, and was sent as text: a byte was put before each line-feed in it.';
const UTF8 = 'This was a binary file, and was saved as text: its bytes were turned into UTF-8.';
const NEXT = 'Copy it as a binary file (scp), or as base64: `base64 -w0 FILE` there, and paste that text here.';

/** U+FFFD, which stands for bytes that a decoder did not understand: in UTF-8, or in UTF-16 as PowerShell writes it. */
function hasReplacements(bytes: Uint8Array): boolean {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  let count = 0;
  for (let i = 2; i < bytes.length; i++) {
    if (isUtf16 ? i % 2 === 0 && bytes[i] === 0xfd && bytes[i + 1] === 0xff : isReplacement(bytes, i)) count++;
  }
  return count >= 3;
}

const isReplacement = (bytes: Uint8Array, i: number): boolean =>
  bytes[i] === 0xbd && bytes[i - 1] === 0xbf && bytes[i - 2] === 0xef;

/** What `ssh -t` makes of it: without the bytes before the line-feeds it has the size of a file. */
function hasCarriageReturns(bytes: Uint8Array): boolean {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0x0a) continue;
    if (bytes[i - 1] !== 0x0d) return false;
    count++;
  }
  return count > 0 && isFileSize(bytes.length - count);
}

function isReencoded(bytes: Uint8Array): boolean {
  try {
    const text = fromUtf8(bytes);
    return isFileSize(text.length) && /^[\0-\xff]*$/.test(text);
  } catch (error) {
    if (error instanceof SevError) return false;
    throw error;
  }
}
