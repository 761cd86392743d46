// Bytes as people and protocols write them: hex, base64, UTF-8.
import { SevError } from '../errors.ts';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex without separators. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i]!]!;
  return text;
}

/**
 * Reads hex of either case; white space is not allowed.
 * @throws SevError BYTES_ENCODING
 */
export function fromHex(text: string, at = ''): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new SevError('BYTES_ENCODING', { at, because: 'It is not an even number of hex digits.' });
  }
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64_VALUES = new Int8Array(128).fill(-1);
for (const [value, char] of [...BASE64].entries()) BASE64_VALUES[char.charCodeAt(0)] = value;

/** Standard base64 with padding, on one line. */
export function toBase64(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i]!, bytes[i + 1], bytes[i + 2]];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    groups.push(
      BASE64[bits >> 18]! +
        BASE64[(bits >> 12) & 63]! +
        (b === undefined ? '=' : BASE64[(bits >> 6) & 63]!) +
        (c === undefined ? '=' : BASE64[bits & 63]!),
    );
  }
  return groups.join('');
}

/**
 * Reads standard base64, strictly: padded, no white space, and no stray bits in the last character.
 * @throws SevError BYTES_ENCODING
 */
export function fromBase64(text: string, at = ''): Uint8Array {
  const refuse = (because: string): never => {
    throw new SevError('BYTES_ENCODING', { at, because });
  };
  if (text.length % 4 !== 0) refuse(`${text.length} base64 characters are no multiple of 4.`);
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let held = 0;
  let offset = 0;
  for (let i = 0; i < digits; i++) {
    const value = BASE64_VALUES[text.charCodeAt(i)] ?? -1;
    if (value < 0) refuse(`Character ${i + 1} is no base64 character.`);
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[offset++] = (bits >> held) & 0xff;
    }
  }
  if (held > 0 && (bits & ((1 << held) - 1)) !== 0) refuse('The last character has stray bits.');
  return bytes;
}

// The web's and Node's global; named here once because ECMAScript itself has no UTF-8 coder.
interface TextCoders {
  TextEncoder: new () => { encode(text: string): Uint8Array };
  TextDecoder: new (
    label: string,
    options: { fatal: boolean; ignoreBOM: boolean },
  ) => { decode(bytes: Uint8Array): string };
}
const { TextEncoder, TextDecoder } = globalThis as unknown as TextCoders;

export const toUtf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** @throws SevError BYTES_ENCODING when the bytes are not UTF-8 */
export function fromUtf8(bytes: Uint8Array, at = ''): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SevError('BYTES_ENCODING', { at, because: 'The text is not UTF-8.', cause });
  }
}

/** Latin letters as bytes, for labels of the specification. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
