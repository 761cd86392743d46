// Text pieces: keys in PEM, libvirt's XML, virsh's lines, QMP's JSON, and bytes in hex or base64.
import { SevError } from '../errors.ts';
import { fromBase64, fromHex, fromUtf8, toUtf8 } from '../bytes/text.ts';
import { readBinary } from './binary.ts';
import { readJson } from './json.ts';
import { readLibvirtXml } from './libvirt-xml.ts';
import { MAX_ENCODINGS } from './limits.ts';
import type { Piece } from './piece.ts';
import { readVirsh } from './virsh.ts';

const CONTROLS = /[^\P{Cc}\t\n\r]/u;

/** The text of these bytes, or undefined when they are binary. Windows' UTF-16 and byte order marks are taken off. */
export function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = isUtf16(bytes) ? fromUtf16(bytes.subarray(2)) : fromUtf8(bytes).replace(/^\uFEFF/, '');
    return CONTROLS.test(text) ? undefined : text;
  } catch (error) {
    if (error instanceof SevError) return undefined;
    throw error;
  }
}

/** PowerShell's redirection writes UTF-16, little-endian, with a mark. */
const isUtf16 = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xfe && bytes.length % 2 === 0;

const fromUtf16 = (bytes: Uint8Array): string =>
  Array.from({ length: bytes.length / 2 }, (_, i) =>
    String.fromCharCode(bytes[2 * i]! | (bytes[2 * i + 1]! << 8)),
  ).join('');

/**
 * Reads a text of any of the known forms.
 * @returns no pieces when nothing is recognised
 * @throws SevError when it is recognised and malformed
 */
export async function readText(text: string, source: string): Promise<Piece[]> {
  const trimmed = text.trim();
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(trimmed)) {
    return [{ kind: 'private-key', bytes: toUtf8(trimmed), source }];
  }
  if (trimmed.startsWith('<')) return readLibvirtXml(trimmed, source);
  const encoded = await readEncoded(trimmed, source, []);
  if (encoded.length > 0) return encoded;
  const virsh = await readVirsh(trimmed, source);
  if (virsh.length > 0) return virsh;
  return trimmed.includes('{') ? readJson(trimmed, source) : [];
}

type Encodings = NonNullable<Piece['encodings']>;

/** Bytes in hex or base64, once or twice. Hex goes first: its digits are base64 characters too, but not the reverse. */
async function readEncoded(text: string, source: string, outer: Encodings): Promise<Piece[]> {
  if (outer.length >= MAX_ENCODINGS) return [];
  const digits = text.replaceAll(/\s/g, '');
  for (const [encoding, decode] of DECODERS) {
    const bytes = attempt(() => decode(digits));
    if (!bytes || bytes.length === 0) continue;
    const encodings = [...outer, encoding];
    const inner = asText(bytes);
    const pieces = inner === undefined ? await readBinary(bytes, source) : await readEncoded(inner, source, encodings);
    if (pieces.length > 0) return pieces.map((piece) => ({ encodings, ...piece }));
  }
  return [];
}

const DECODERS = [
  ['hex', (digits: string) => fromHex(digits.replace(/^0x/i, ''))],
  ['base64', (digits: string) => fromBase64(digits)],
] as const;

function attempt(decode: () => Uint8Array): Uint8Array | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof SevError) return undefined;
    throw error;
  }
}
