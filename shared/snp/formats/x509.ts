// X.509 as AMD issues it for SEV-SNP: RSA-4096 authorities and P-384 keys, all signed with RSASSA-PSS. RFC 5280 4.1, KDS
// specification 57230. Only the form is looked at here; who signed whom is verify's question.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import {
  contextTag,
  type DerNode,
  DerReader,
  insideOf,
  smallNumberOf,
  TAG,
  timeOf,
  unsignedOf,
  wholeBytesOf,
} from '../../encodings/der-reader.ts';
import { looksLikePem, readPem } from '../../encodings/pem.ts';
import { X509_FAULTS } from './x509-words.ts';
import { requirePss } from './x509-algorithm.ts';
import { readExtensions, type X509Extension } from './x509-extensions.ts';
import { readPublicKey, RSA_BYTES, type X509Key } from './x509-key.ts';
import { readName, type X509Name } from './x509-name.ts';

/** AMD's are under 1,700 bytes; a VLEK names its provider at any length. */
export const MAX_CERTIFICATE_BYTES = 8192;
/** A file with several: ASK and ARK of three products, in PEM. */
const MAX_BUNDLE_BYTES = 64 * 1024;
const MAX_BUNDLE = 32;
const MAX_SERIAL_BYTES = 20;

export interface X509Certificate {
  /** The whole certificate as it came. */
  readonly bytes: Uint8Array;
  /** What the signature covers: TBSCertificate with its tag and length. */
  readonly signedBody: Uint8Array;
  /** Big-endian, without leading zeros. */
  readonly serial: Uint8Array;
  readonly issuer: X509Name;
  readonly subject: X509Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: X509Key;
  /** The whole SubjectPublicKeyInfo, as a pin would hash it. */
  readonly keyInfo: Uint8Array;
  readonly extensions: readonly X509Extension[];
  /** RSASSA-PSS, 512 bytes, big-endian. */
  readonly signature: Uint8Array;
}

/**
 * Reads one certificate in DER, strictly.
 *
 * @throws SevError CERT_DER, CERT_ALGORITHM, CERT_KEY, CERT_POINT, CERT_EXTENSION, CERT_NAME, BYTES_TOO_LARGE
 */
export function parseX509(given: Uint8Array, at: string): X509Certificate {
  const { bytes, body, signature } = openSigned(given, at, MAX_CERTIFICATE_BYTES);
  const reader = insideOf(body);
  const version = reader.enter(contextTag(0), 'version');
  if (smallNumberOf(version.next('number'), 255) !== 2) throw fault(version.at, X509_FAULTS.version());
  version.end();
  const serial = serialOf(reader.next('serial'));
  requirePss(reader.take(TAG.sequence, 'signature'), signature.algorithm);
  const issuer = readName(reader.take(TAG.sequence, 'issuer'));
  const [notBefore, notAfter] = readValidity(reader.enter(TAG.sequence, 'validity'));
  const subject = readName(reader.take(TAG.sequence, 'subject'));
  const keyInfo = reader.take(TAG.sequence, 'publicKey');
  const extensions = reader.done ? [] : readExtensions(reader.enter(contextTag(3), 'extensions'));
  reader.end();
  return {
    bytes,
    signedBody: body.bytes,
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    key: readPublicKey(keyInfo),
    keyInfo: keyInfo.bytes,
    extensions,
    signature: signature.value,
  };
}

/** What certificates and CRLs have in common: a body, the algorithm, the signature. */
export interface OpenedSigned {
  readonly bytes: Uint8Array;
  readonly body: DerNode;
  readonly signature: { readonly algorithm: DerNode; readonly value: Uint8Array };
}

/** Takes body and signature apart; the views lie in a copy, which no later change of the source reaches. */
export function openSigned(given: Uint8Array, at: string, maxBytes: number): OpenedSigned {
  if (given.length > maxBytes) throw new SevError('BYTES_TOO_LARGE', { at });
  const bytes = new Uint8Array(given);
  const whole = new DerReader(bytes, at);
  const reader = whole.enter(TAG.sequence, '');
  whole.end();
  const body = reader.take(TAG.sequence, '');
  const algorithm = reader.take(TAG.sequence, 'signatureAlgorithm');
  const value = wholeBytesOf(reader.take(TAG.bitString, 'signature'));
  reader.end();
  if (value.length !== RSA_BYTES) throw new SevError('CERT_ALGORITHM', { at, because: X509_FAULTS.signatureLength() });
  return { bytes, body, signature: { algorithm, value } };
}

/** RFC 5280 4.1.2.2: at most 20 bytes and not negative. AMD's chips' keys all have 0. */
export function serialOf(node: DerNode): Uint8Array {
  const serial = unsignedOf(node);
  if (serial.length > MAX_SERIAL_BYTES) throw fault(node.at, X509_FAULTS.serial());
  return serial;
}

function readValidity(reader: DerReader): [Date, Date] {
  const times: [Date, Date] = [timeOf(reader.next('notBefore')), timeOf(reader.next('notAfter'))];
  reader.end();
  return times;
}

/**
 * Reads certificates in DER or PEM: one, or several in one PEM text as AMD serves its chains.
 * @throws SevError as `parseX509`, and BYTES_ENCODING
 */
export function parseCertificates(given: Uint8Array, at: string): readonly X509Certificate[] {
  if (!looksLikePem(given)) return [parseX509(given, at)];
  if (given.length > MAX_BUNDLE_BYTES) throw new SevError('BYTES_TOO_LARGE', { at });
  const blocks = readPem(given, at).filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length === 0 || blocks.length > MAX_BUNDLE) throw new SevError('BYTES_ENCODING', { at });
  return blocks.map(({ bytes }, i) => parseX509(bytes, blocks.length > 1 ? `${at}[${i}]` : at));
}

/** Whether two certificates are for one key; AMD issues many for the same. */
export const sameKey = (a: X509Certificate, b: X509Certificate): boolean => equalBytes(a.keyInfo, b.keyInfo);

/** A CERT_DER with its place. */
const fault = (at: string, because: string): SevError => new SevError('CERT_DER', { at, because });
