// The owner's private key as other tools keep it: EC on secp384r1 in SEC 1 (sevctl, `openssl ecparam`) or PKCS #8, DER or PEM.
// Nothing here quotes a key in an error, and the error of a library that might is not passed on.
import { p384 } from '@noble/curves/nist.js';
import { placedIn, SevError } from '../errors.ts';
import { equalBytes } from '../bytes/equal.ts';
import { subtle } from '../crypto/subtle.ts';
import { fromBase64, fromUtf8, toBase64 } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { DER, type DerValue, derContext, malformed, readDer, writeDer } from './der.ts';
import { curveNotNamed, nameForeignDer, nameForeignPem } from './foreign-key.ts';

const SCALAR_SIZE = 48;
const POINT_SIZE = 1 + 2 * SCALAR_SIZE;
const MAX_KEY_FILE_BYTES = 4096;
/** 1.2.840.10045.2.1, id-ecPublicKey; 1.3.132.0.34, secp384r1: contents of their DER. */
const EC_PUBLIC_KEY = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);
const SECP384R1 = Uint8Array.of(0x2b, 0x81, 0x04, 0x00, 0x22);

/** A private key on P-384: raw secret bytes; whoever holds them wipes them. */
export interface EcPrivateKey {
  /** The scalar d, 48 bytes, big-endian. */
  readonly scalar: Uint8Array;
  /** The point, uncompressed: 0x04, x, y; 97 bytes. */
  readonly point: Uint8Array;
}

/**
 * Reads a key file of any of the four forms. The public key is computed, and must be the one in the file if there is one.
 * @throws SevError CERT_PEM
 */
export async function parseEcPrivateKey(bytes: Uint8Array): Promise<EcPrivateKey> {
  try {
    return await readKeyFile(bytes);
  } catch (error) {
    throw error instanceof SevError ? placedIn(error, 'key') : error;
  }
}

async function readKeyFile(bytes: Uint8Array): Promise<EcPrivateKey> {
  if (bytes.length > MAX_KEY_FILE_BYTES) throw malformed();
  const der = bytes[0] === 0x30 ? bytes : fromPem(bytes);
  const [outer, ...rest] = readDer(der);
  if (outer?.tag !== DER.sequence || rest.length > 0) throw malformed();
  const values = readDer(outer.content);
  const foreign = nameForeignDer(values);
  if (foreign) throw foreign;
  const [version, second, third] = values;
  const isPkcs8 = isInteger(version, 0) && second?.tag === DER.sequence;
  if (!isPkcs8) return readSec1(outer.content, undefined);
  const [algorithm, curve] = readDer(second.content);
  if (!isOid(algorithm, EC_PUBLIC_KEY) || third?.tag !== DER.octetString) throw otherCurve();
  const [inner] = readDer(third.content);
  if (inner?.tag !== DER.sequence) throw malformed();
  return readSec1(inner.content, curve);
}

/** SEC 1 in DER, with curve and public key: what sevctl reads. */
export const encodeSec1 = ({ scalar, point }: EcPrivateKey): Uint8Array =>
  writeDer(
    DER.sequence,
    writeDer(DER.integer, Uint8Array.of(1)),
    writeDer(DER.octetString, scalar),
    writeDer(derContext(0), writeDer(DER.oid, SECP384R1)),
    writeDer(derContext(1), writeDer(DER.bitString, Uint8Array.of(0), point)),
  );

/** PKCS #8 in DER: what WebCrypto imports. Without its point, where that is asked of WebCrypto. */
export const encodePkcs8 = ({ scalar, point }: Pick<EcPrivateKey, 'scalar'> & Partial<EcPrivateKey>): Uint8Array =>
  writeDer(
    DER.sequence,
    writeDer(DER.integer, Uint8Array.of(0)),
    writeDer(DER.sequence, writeDer(DER.oid, EC_PUBLIC_KEY), writeDer(DER.oid, SECP384R1)),
    writeDer(
      DER.octetString,
      writeDer(
        DER.sequence,
        writeDer(DER.integer, Uint8Array.of(1)),
        writeDer(DER.octetString, scalar),
        ...(point ? [writeDer(derContext(1), writeDer(DER.bitString, Uint8Array.of(0), point))] : []),
      ),
    ),
  );

/** PEM with lines of 64 characters. */
export function toPem(label: 'EC PRIVATE KEY' | 'PRIVATE KEY', der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** ECPrivateKey of RFC 5915: version 1, scalar, [0] curve, [1] public key. */
async function readSec1(content: Uint8Array, outerCurve: DerValue | undefined): Promise<EcPrivateKey> {
  const [version, scalar, ...rest] = readDer(content);
  if (!isInteger(version, 1) || scalar?.tag !== DER.octetString) throw malformed();
  const member = (tag: number): DerValue | undefined => {
    const found = rest.find((value) => value.tag === derContext(tag));
    return found && readDer(found.content)[0];
  };
  const [curve, publicKey] = [member(0), member(1)];
  if (![outerCurve, curve].some((value) => value && isOid(value, SECP384R1))) {
    throw [outerCurve, curve].some((value) => value?.tag === DER.sequence) ? curveNotNamed() : otherCurve();
  }
  if (scalar.content.length !== SCALAR_SIZE) throw malformed();
  const point = await computePoint(scalar.content);
  const forms = [point, compressed(point)].map((form) => concat(Uint8Array.of(0), form));
  if (publicKey && !forms.some((form) => equalBytes(publicKey.content, form)))
    throw new SevError('CERT_PEM', { because: 'The public key in the file belongs to another key.' });
  return { scalar: scalar.content.slice(), point };
}

/** SEC 1, section 2.3.3: x alone, behind 2 or 3 for an even or odd y. */
const compressed = (point: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(2 + (point.at(-1)! & 1)), point.subarray(1, 1 + SCALAR_SIZE));

/**
 * By WebCrypto, in constant time, where the engine computes it; else by BigInt, whose time tells a little of the key to
 * whoever can measure it on this device.
 */
async function computePoint(scalar: Uint8Array): Promise<Uint8Array> {
  const point = await pointByWebCrypto(scalar);
  if (point) return point;
  try {
    return p384.getPublicKey(scalar, false);
  } catch {
    throw new SevError('CERT_PEM', { because: 'Its number is out of range.' });
  }
}

/** @returns undefined where the engine takes no key without its point, or gives none out */
async function pointByWebCrypto(scalar: Uint8Array): Promise<Uint8Array | undefined> {
  const pkcs8 = encodePkcs8({ scalar });
  try {
    const key = await subtle.importKey('pkcs8', pkcs8, { name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign']);
    const exported = new Uint8Array(await subtle.exportKey('pkcs8', key));
    // RFC 5915: the point is the last member, as a bit string.
    const point = exported.slice(-POINT_SIZE);
    const hasPoint = exported.length > pkcs8.length && exported.at(-POINT_SIZE - 1) === 0 && point[0] === 4;
    exported.fill(0);
    return hasPoint ? point : undefined;
  } catch {
    return undefined;
  } finally {
    pkcs8.fill(0);
  }
}

function fromPem(bytes: Uint8Array): Uint8Array {
  const text = readAscii(bytes);
  if (/ENCRYPTED/.test(text)) throw nameForeignPem(text, 0);
  // `openssl ecparam -genkey` puts a block of parameters before the key.
  const blocks = [
    ...text.matchAll(/-----BEGIN (?:EC )?PRIVATE KEY-----([A-Za-z0-9+/=\s]*)-----END (?:EC )?PRIVATE KEY-----/g),
  ];
  if (blocks.length !== 1) throw nameForeignPem(text, blocks.length);
  try {
    return fromBase64(blocks[0]![1]!.replaceAll(/\s/g, ''));
  } catch {
    throw malformed();
  }
}

function readAscii(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw malformed();
  }
}

const isInteger = (value: DerValue | undefined, expected: number): boolean =>
  value?.tag === DER.integer && value.content.length === 1 && value.content[0] === expected;

const isOid = (value: DerValue | undefined, oid: Uint8Array): boolean =>
  value?.tag === DER.oid && equalBytes(value.content, oid);

const otherCurve = (): SevError => new SevError('CERT_PEM', { because: 'It is no EC key on secp384r1.' });
