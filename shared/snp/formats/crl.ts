// AMD's lists of revoked certificates: X.509 CRLs of version 2, signed by the root. RFC 5280 5, KDS specification 57230.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { contextTag, DerReader, insideOf, smallNumberOf, TAG, timeOf, unsignedOf } from '../../encodings/der-reader.ts';
import { looksLikePem, readPem } from '../../encodings/pem.ts';
import { openSigned, serialOf } from './x509.ts';
import { requirePss } from './x509-algorithm.ts';
import { extensionOf, OID, readExtensionList, readExtensions, type X509Extension } from './x509-extensions.ts';
import { readName, type X509Name } from './x509-name.ts';
import { X509_FAULTS } from './x509-words.ts';

/** AMD's have 890 bytes at most so far. */
const MAX_CRL_BYTES = 64 * 1024;
const PEM_LABEL = 'X509 CRL';

export interface RevokedCertificate {
  /** Big-endian, without leading zeros. */
  readonly serial: Uint8Array;
  readonly date: Date;
  readonly extensions: readonly X509Extension[];
}

export interface Crl {
  /** The DER as it came, out of its PEM if it was in one. */
  readonly bytes: Uint8Array;
  readonly signedBody: Uint8Array;
  readonly issuer: X509Name;
  readonly thisUpdate: Date;
  /** Without it a list never ages, so verify refuses it. */
  readonly nextUpdate: Date | undefined;
  /** Big-endian; undefined when the list has none. */
  readonly number: Uint8Array | undefined;
  readonly revoked: readonly RevokedCertificate[];
  readonly extensions: readonly X509Extension[];
  /** RSASSA-PSS, 512 bytes, big-endian. */
  readonly signature: Uint8Array;
}

/**
 * Reads a CRL in DER, or in PEM as "X509 CRL".
 * @throws SevError CERT_CRL for another version; CERT_DER, CERT_ALGORITHM, CERT_EXTENSION, BYTES_TOO_LARGE, BYTES_ENCODING
 */
export function parseCrl(given: Uint8Array, at = 'crl'): Crl {
  const { bytes, body, signature } = openSigned(derOf(given, at), at, MAX_CRL_BYTES);
  const reader = insideOf(body);
  const version = reader.next('version');
  if (version.tag !== TAG.integer || smallNumberOf(version, 255) !== 1) {
    throw new SevError('CERT_CRL', { at: version.at, because: X509_FAULTS.crlVersion() });
  }
  requirePss(reader.take(TAG.sequence, 'signature'), signature.algorithm);
  const issuer = readName(reader.take(TAG.sequence, 'issuer'));
  const thisUpdate = timeOf(reader.next('thisUpdate'));
  const hasNext = reader.tag === TAG.utcTime || reader.tag === TAG.generalizedTime;
  const nextUpdate = hasNext ? timeOf(reader.next('nextUpdate')) : undefined;
  const list = reader.optional(TAG.sequence, 'revoked');
  const revoked = list ? readRevoked(insideOf(list)) : [];
  const extensions = reader.done ? [] : readExtensions(reader.enter(contextTag(0), 'extensions'));
  reader.end();
  const number = numberOf(extensions);
  const times = { thisUpdate, nextUpdate };
  return { bytes, signedBody: body.bytes, issuer, ...times, number, revoked, extensions, signature: signature.value };
}

/** Whether the list names this serial; the date of an entry does not matter. */
export const isListed = (crl: Crl, serial: Uint8Array): boolean =>
  crl.revoked.some((entry) => equalBytes(entry.serial, serial));

function derOf(given: Uint8Array, at: string): Uint8Array {
  if (given.length > 2 * MAX_CRL_BYTES) throw new SevError('BYTES_TOO_LARGE', { at });
  if (!looksLikePem(given)) return given;
  const [block, ...more] = readPem(given, at);
  if (block?.label !== PEM_LABEL || more.length > 0) throw new SevError('BYTES_ENCODING', { at });
  return block.bytes;
}

function readRevoked(list: DerReader): readonly RevokedCertificate[] {
  const revoked: RevokedCertificate[] = [];
  while (!list.done) {
    const reader = list.enter(TAG.sequence, 'entry');
    const [serial, date] = [serialOf(reader.next('serial')), timeOf(reader.next('date'))];
    const extensions = reader.done ? [] : readExtensionList(reader.enter(TAG.sequence, 'extensions'));
    reader.end();
    revoked.push({ serial, date, extensions });
  }
  return revoked;
}

function numberOf(extensions: readonly X509Extension[]): Uint8Array | undefined {
  const extension = extensionOf(extensions, OID.crlNumber);
  if (!extension) return undefined;
  const reader = new DerReader(extension.value, extension.at);
  const number = unsignedOf(reader.next('number'));
  reader.end();
  return number;
}
