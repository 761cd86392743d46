// DER as X.509 must be written: definite and shortest lengths, one-byte tags, one way to write each value, nothing behind the end.
// BER's freedoms are refused, since a certificate that two readers understand differently is a weapon.
import { SevError } from '../errors.ts';
import { fromUtf8 } from '../bytes/text.ts';
import { DER_FAULTS } from './der-words.ts';

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A constructed context tag: [0], [1]. */
export const contextTag = (number: number): number => 0xa0 + number;

/** One value: its tag, its content, and the bytes of the whole with tag and length. All are views of what was given. */
export interface DerNode {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly bytes: Uint8Array;
  /** The path of the field. */
  readonly at: string;
}

/** Reads one value after the other, and nothing beyond the end. Paths are joined with dots: `vcek.validity.notAfter`. */
export class DerReader {
  readonly at: string;
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array, at: string) {
    this.#bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** The tag of the next value; undefined at the end. */
  get tag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /**
   * Takes the next value, of whatever tag. An empty field leaves the path as it is.
   * @throws SevError CERT_DER
   */
  next(field: string): DerNode {
    const at = field ? `${this.at}.${field}` : this.at;
    const rest = this.#bytes.subarray(this.#offset);
    const [tag] = rest;
    if (tag === undefined) throw malformed(at, DER_FAULTS.missing());
    // Tags of several bytes occur in nothing that is read here.
    if ((tag & 0x1f) === 0x1f || tag === 0) throw malformed(at, DER_FAULTS.tag(tag));
    const { length, header } = readLength(rest, at);
    const end = header + length;
    if (end > rest.length) throw malformed(at, DER_FAULTS.beyond());
    this.#offset += end;
    return { tag, content: rest.subarray(header, end), bytes: rest.subarray(0, end), at };
  }

  /** @throws SevError CERT_DER when the next value has another tag */
  take(tag: number, field: string): DerNode {
    const node = this.next(field);
    if (node.tag !== tag) throw malformed(node.at, DER_FAULTS.otherTag(node.tag, tag));
    return node;
  }

  /** The next value if it has this tag. */
  optional(tag: number, field: string): DerNode | undefined {
    return this.tag === tag ? this.next(field) : undefined;
  }

  /** A reader of what is inside the next value. */
  enter(tag: number, field: string): DerReader {
    const node = this.take(tag, field);
    return new DerReader(node.content, node.at);
  }

  /** @throws SevError CERT_DER when bytes are left over */
  end(): void {
    if (!this.done) throw malformed(this.at, DER_FAULTS.leftOver(this.#bytes.length - this.#offset));
  }
}

/** A reader of what is inside a value. */
export const insideOf = ({ content, at }: DerNode): DerReader => new DerReader(content, at);

/** Lengths up to 65,535: one byte, or two for 128 to 255, or three; the shortest form only. */
function readLength([, first, second, third]: Uint8Array, at: string): { length: number; header: number } {
  if (first === undefined) throw malformed(at, DER_FAULTS.missing());
  if (first < 0x80) return { length: first, header: 2 };
  if (first === 0x81 && second !== undefined && second >= 0x80) return { length: second, header: 3 };
  if (first === 0x82 && second !== undefined && second > 0 && third !== undefined) {
    return { length: (second << 8) | third, header: 4 };
  }
  throw malformed(at, DER_FAULTS.length());
}

/**
 * An INTEGER that is not negative, big-endian without leading zeros; zero is one byte.
 * @throws SevError CERT_DER when it is negative, empty or not minimal
 */
export function unsignedOf({ tag, content, at }: DerNode): Uint8Array {
  const [first, second] = content;
  if (tag !== TAG.integer || first === undefined) throw malformed(at, DER_FAULTS.integer());
  if (first >= 0x80) throw malformed(at, DER_FAULTS.negative());
  if (first === 0 && second !== undefined) {
    if (second < 0x80) throw malformed(at, DER_FAULTS.padded());
    return content.subarray(1);
  }
  return content;
}

/** @throws SevError CERT_DER when it is no INTEGER from 0 to `max`, which is below 2^31 */
export function smallNumberOf(node: DerNode, max: number): number {
  const digits = unsignedOf(node);
  const value = digits.length > 4 ? Infinity : digits.reduce((sum, byte) => sum * 256 + byte, 0);
  if (value > max) throw malformed(node.at, DER_FAULTS.above(max));
  return value;
}

/** @throws SevError CERT_DER; FALSE as a default must be left out, so only TRUE can stand here */
export function requireTrue({ content, at }: DerNode): true {
  if (content.length !== 1 || content[0] !== 0xff) throw malformed(at, DER_FAULTS.boolean());
  return true;
}

/** The bytes of a BIT STRING without unused bits. */
export function wholeBytesOf({ content, at }: DerNode): Uint8Array {
  if (content[0] !== 0) throw malformed(at, DER_FAULTS.bits());
  return content.subarray(1);
}

const MAX_OID_BYTES = 32;

/** An OBJECT IDENTIFIER in dots: `1.3.6.1.4.1.3704.1.1`. */
export function oidOf({ tag, content, at }: DerNode): string {
  const refuse = (): SevError => malformed(at, DER_FAULTS.oid());
  if (tag !== TAG.oid || content.length === 0 || content.length > MAX_OID_BYTES) throw refuse();
  if (content.at(-1)! >= 0x80) throw refuse();
  const arcs: number[] = [];
  let arc = 0;
  let isFirst = true;
  for (const byte of content) {
    // A group that begins with 0x80 is longer than it need be; and an arc beyond 2^49 has no owner.
    if ((isFirst && byte === 0x80) || arc >= 2 ** 42) throw refuse();
    arc = arc * 128 + (byte & 0x7f);
    isFirst = byte < 0x80;
    if (!isFirst) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [joined, ...rest] = arcs as [number, ...number[]];
  const root = Math.min(2, Math.floor(joined / 40));
  return [root, joined - 40 * root, ...rest].join('.');
}

/**
 * UTCTime or GeneralizedTime as RFC 5280 requires them (4.1.2.5): in UTC, with seconds, without fractions; the former up to 2049, the
 * latter from 2050 on.
 */
export function timeOf({ tag, content, at }: DerNode): Date {
  const text = String.fromCharCode(...content.subarray(0, 16));
  const isShort = tag === TAG.utcTime && /^\d{12}Z$/.test(text);
  if (!isShort && !(tag === TAG.generalizedTime && /^\d{14}Z$/.test(text))) throw malformed(at, DER_FAULTS.time());
  const full = isShort ? `${Number(text.slice(0, 2)) >= 50 ? 19 : 20}${text}` : text;
  const iso = full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  const time = new Date(iso);
  // A 30th of February would become a day of March.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== iso) throw malformed(at, DER_FAULTS.time());
  if (!isShort && time.getUTCFullYear() < 2050) throw malformed(at, DER_FAULTS.time());
  return time;
}

const TEXT_FORMS: Readonly<Record<number, RegExp>> = {
  [TAG.utf8String]: /^[^\p{Cc}\p{Cs}]*$/u,
  [TAG.printableString]: /^[A-Za-z0-9 '()+,./:=?-]*$/,
  [TAG.ia5String]: /^[\x20-\x7e]*$/,
};

/** UTF8String, PrintableString or IA5String, without control characters. */
export function textOf({ tag, content, at }: DerNode): string {
  const form = TEXT_FORMS[tag];
  if (!form) throw malformed(at, DER_FAULTS.text());
  const text = utf8Of(content, at);
  if (!form.test(text)) throw malformed(at, DER_FAULTS.text());
  return text;
}

function utf8Of(content: Uint8Array, at: string): string {
  try {
    return fromUtf8(content);
  } catch {
    throw malformed(at, DER_FAULTS.text());
  }
}

export const malformed = (at: string, because: string): SevError => new SevError('CERT_DER', { at, because });
