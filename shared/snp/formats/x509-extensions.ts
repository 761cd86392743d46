// Extensions of X.509 version 3, and the two that say what an authority may sign. RFC 5280 4.2.
import { SevError } from '../../errors.ts';
import { DerReader, oidOf, requireTrue, smallNumberOf, TAG } from '../../encodings/der-reader.ts';
import { X509_FAULTS } from './x509-words.ts';

export interface X509Extension {
  /** In dots. */
  readonly oid: string;
  readonly critical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
  readonly at: string;
}

/** More than twice what AMD's certificates have. */
const MAX_EXTENSIONS = 32;

export const OID = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  crlDistributionPoints: '2.5.29.31',
  authorityKeyId: '2.5.29.35',
} as const;

/**
 * Reads the list inside [3] of a certificate or [0] of a CRL.
 * @throws SevError CERT_EXTENSION when one occurs twice or there are too many or none, CERT_DER
 */
export function readExtensions(outer: DerReader): readonly X509Extension[] {
  const list = outer.enter(TAG.sequence, 'list');
  outer.end();
  const found = readExtensionList(list);
  if (found.length === 0) throw refuse(outer.at, X509_FAULTS.noExtensions());
  return found;
}

/** The same for the list alone, as CRL entries have it. */
export function readExtensionList(list: DerReader): readonly X509Extension[] {
  const found = new Map<string, X509Extension>();
  while (!list.done) {
    const reader = list.enter(TAG.sequence, 'extension');
    const oid = oidOf(reader.next('oid'));
    const flag = reader.optional(TAG.boolean, 'critical');
    const { content: value } = reader.take(TAG.octetString, 'value');
    reader.end();
    if (found.has(oid)) throw refuse(list.at, X509_FAULTS.repeated(oid));
    if (found.size === MAX_EXTENSIONS) throw refuse(list.at, X509_FAULTS.tooMany());
    found.set(oid, { oid, critical: flag ? requireTrue(flag) : false, value, at: `${list.at}.${oid}` });
  }
  return [...found.values()];
}

export const extensionOf = (extensions: readonly X509Extension[], oid: string): X509Extension | undefined =>
  extensions.find((extension) => extension.oid === oid);

/** The first extension that is critical and not among the known. */
export const unknownCritical = (
  extensions: readonly X509Extension[],
  known: readonly string[],
): X509Extension | undefined => extensions.find(({ oid, critical }) => critical && !known.includes(oid));

/** What an authority may do. */
export interface CaConstraints {
  readonly isCa: boolean;
  /** How many authorities may follow below it; undefined: any number. */
  readonly pathLength: number | undefined;
  readonly signsCertificates: boolean;
  readonly signsCrls: boolean;
}

/**
 * Reads basicConstraints and keyUsage. What is missing, or not marked critical as RFC 5280 demands of authorities, allows nothing.
 * @throws SevError CERT_DER, CERT_EXTENSION
 */
export function caConstraints(extensions: readonly X509Extension[]): CaConstraints {
  const [basic, usage] = [OID.basicConstraints, OID.keyUsage].map((oid) => {
    const found = extensionOf(extensions, oid);
    return found?.critical ? found : undefined;
  });
  return { ...readBasicConstraints(basic), ...readKeyUsage(usage) };
}

function readBasicConstraints(extension: X509Extension | undefined): Pick<CaConstraints, 'isCa' | 'pathLength'> {
  if (!extension) return { isCa: false, pathLength: undefined };
  const whole = new DerReader(extension.value, extension.at);
  const reader = whole.enter(TAG.sequence, 'constraints');
  whole.end();
  const flag = reader.optional(TAG.boolean, 'ca');
  const isCa = flag ? requireTrue(flag) : false;
  const length = reader.optional(TAG.integer, 'pathLength');
  reader.end();
  return { isCa, pathLength: length && smallNumberOf(length, 255) };
}

/**
 * Named bits from the highest of the first byte on: keyCertSign is bit 5, cRLSign bit 6. AMD's ASK writes its zero bits out
 * (03 02 01 04), which is not the shortest form of a named bit list; taken, since the bits are the same.
 */
function readKeyUsage(extension: X509Extension | undefined): Pick<CaConstraints, 'signsCertificates' | 'signsCrls'> {
  if (!extension) return { signsCertificates: false, signsCrls: false };
  const whole = new DerReader(extension.value, extension.at);
  const { content } = whole.take(TAG.bitString, 'usage');
  whole.end();
  const [unused = 8, first = 0, ...more] = content;
  const last = content.at(-1)!;
  const isFormed = content.length >= 2 && unused < 8 && (last & ((1 << unused) - 1)) === 0;
  if (!isFormed || more.length > 1) throw refuse(extension.at, X509_FAULTS.keyUsage());
  return { signsCertificates: (first & 0x04) !== 0, signsCrls: (first & 0x02) !== 0 };
}

const refuse = (at: string, because: string): SevError => new SevError('CERT_EXTENSION', { at, because });
