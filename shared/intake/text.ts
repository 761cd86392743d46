// Text pieces: keys in PEM, libvirt's XML, virsh's lines, QMP's JSON, and bytes in hex or base64.
import { SevError } from '../errors.ts';
import { fromBase64, fromHex, fromUtf8, toUtf8 } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { readBinary } from './binary.ts';
import { readJson } from './json.ts';
import { readLibvirtXml } from './libvirt-xml.ts';
import { MAX_ENCODINGS } from './limits.ts';
import type { Piece } from './piece.ts';
import { isWebPage } from './unknown.ts';
import { readVirsh } from './virsh.ts';

const CONTROLS = /[^\P{Cc}\t\n\r]/u;

/** The text of these bytes, or undefined when they are binary. Windows' UTF-16 and byte order marks are taken off. */
export function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = (fromUtf16(bytes) ?? fromUtf8(bytes)).replace(/^\uFEFF/, '');
    return CONTROLS.test(text) ? undefined : text;
  } catch (error) {
    if (error instanceof SevError) return undefined;
    throw error;
  }
}

/** PowerShell's redirection writes UTF-16 with a mark; some editors leave the mark out, and big-endian exists. */
function fromUtf16(bytes: Uint8Array): string | undefined {
  const high = [bytes[1] === 0xfe || bytes[1] === 0, bytes[0] === 0xfe || bytes[0] === 0].indexOf(true);
  if (high < 0 || bytes.length < 4 || bytes.length % 2 !== 0) return undefined;
  const units = Array.from({ length: bytes.length / 2 }, (_, i) =>
    high === 0 ? bytes[2 * i]! | (bytes[2 * i + 1]! << 8) : (bytes[2 * i]! << 8) | bytes[2 * i + 1]!,
  );
  const isMarked = units[0] === 0xfeff;
  const isLatin = units.every((unit) => unit > 0 && unit < 0x100);
  return isMarked || isLatin ? units.map((unit) => String.fromCharCode(unit)).join('') : undefined;
}

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
  if (isWebPage(trimmed)) return [];
  const xml = xmlOf(trimmed);
  if (xml !== undefined) return readLibvirtXml(xml, source);
  const encoded = await readEncoded(trimmed, source, []);
  if (encoded.length > 0) return encoded;
  const virsh = await readVirsh(trimmed, source);
  if (virsh.length > 0) return virsh;
  return trimmed.includes('{') ? readJson(trimmed, source) : [];
}

/** XML alone, or what libvirt printed after a shell's prompt. */
function xmlOf(text: string): string | undefined {
  if (text.startsWith('<')) return text;
  const start = text.search(/^<(?:\?xml|domainCapabilities|domain|launchSecurity|sev)\b/m);
  const isJson = start >= 0 && text.slice(0, start).includes('{');
  return start < 0 || isJson ? undefined : text.slice(start, text.lastIndexOf('>') + 1);
}

type Encodings = NonNullable<Piece['encodings']>;

/** Bytes in hex or base64, once or twice. Hex goes first: its digits are base64 characters too, but not the reverse. */
async function readEncoded(text: string, source: string, outer: Encodings): Promise<Piece[]> {
  if (outer.length >= MAX_ENCODINGS) return [];
  const digits = withoutWrapping(text).replaceAll(/\s/g, '');
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

/** What programs put around base64: PEM's lines, a data: URL, quotes. */
const withoutWrapping = (text: string): string =>
  text
    .replaceAll(/-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----/g, '')
    .replace(/^data:[a-z0-9.+/;=-]{0,80};base64,/i, '')
    .replaceAll(/^["']|["'],?$/g, '');

/** Zeros in base64 are hex digits too, which nothing would ever hold so many of. */
const ZEROS = /^A{16,}={0,2}$/;

const DECODERS = [
  [
    'hex',
    (digits: string) =>
      fromHex(
        ZEROS.test(digits)
          ? ''
          : /^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i.test(digits)
            ? digits.replaceAll(':', '')
            : digits.replace(/^0x/i, ''),
      ),
  ],
  ['base64', fromAnyBase64],
] as const;

/** Also base64 of the URL alphabet, without its padding, and several after another: PDH_CERT_EXPORT gives two buffers. */
function fromAnyBase64(digits: string): Uint8Array {
  const standard = /[+/]/.test(digits) ? digits : digits.replaceAll('-', '+').replaceAll('_', '/');
  const groups = standard.match(/[^=]+={0,2}/g) ?? [];
  if (groups.join('').length < standard.length) throw new SevError('BYTES_ENCODING');
  return concat(...groups.map((group) => fromBase64(group.padEnd(4 * Math.ceil(group.length / 4), '='))));
}

/** A shorter word is base64 by chance. */
const MIN_ENCODED = 24;

/** How many bytes a text holds that is nothing but hex or base64; undefined for any other. */
export function encodedLength(
  text: string,
): { readonly encoding: 'hex' | 'base64'; readonly length: number } | undefined {
  const digits = withoutWrapping(text.trim()).replaceAll(/\s/g, '');
  if (digits.length < MIN_ENCODED) return undefined;
  for (const [encoding, decode] of DECODERS) {
    const length = attempt(() => decode(digits))?.length ?? 0;
    if (length > 0) return { encoding, length };
  }
  return undefined;
}

function attempt(decode: () => Uint8Array): Uint8Array | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof SevError) return undefined;
    throw error;
  }
}
