// Public keys of AMD's X.509: RSA with 4,096 bits for authorities, points on P-384 for the keys that sign reports.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { fromHex } from '../../bytes/text.ts';
import { type EcPoint, requirePoint } from '../../crypto/points.ts';
import type { RsaKey } from '../../crypto/signatures.ts';
import { type DerNode, DerReader, insideOf, TAG, unsignedOf, wholeBytesOf } from '../../encodings/der-reader.ts';
import { X509_FAULTS } from './x509-words.ts';

/** Numbers big-endian. */
export type X509Key =
  { readonly kind: 'rsa'; readonly rsa: RsaKey } | { readonly kind: 'p384'; readonly point: EcPoint };

/** The width of modulus and signature. */
export const RSA_BYTES = 512;
const POINT_BYTES = 97;

/** AlgorithmIdentifier: rsaEncryption with NULL; id-ecPublicKey with secp384r1. */
const RSA_ENCRYPTION = fromHex('300d06092a864886f70d0101010500');
const EC_P384 = fromHex('301006072a8648ce3d020106052b81040022');
const EXPONENT_65537 = Uint8Array.of(1, 0, 1);

/**
 * Reads SubjectPublicKeyInfo.
 * @throws SevError CERT_KEY for a key of another kind or form, CERT_POINT for a point off the curve, CERT_DER
 */
export function readPublicKey(node: DerNode): X509Key {
  const reader = insideOf(node);
  const algorithm = reader.take(TAG.sequence, 'algorithm');
  const bits = wholeBytesOf(reader.take(TAG.bitString, 'key'));
  reader.end();
  if (equalBytes(algorithm.bytes, RSA_ENCRYPTION)) return { kind: 'rsa', rsa: readRsaKey(bits, node.at) };
  if (equalBytes(algorithm.bytes, EC_P384)) return { kind: 'p384', point: readEcPoint(bits, node.at) };
  throw otherKey(node.at);
}

function readRsaKey(bytes: Uint8Array, at: string): RsaKey {
  const whole = new DerReader(bytes, at);
  const reader = whole.enter(TAG.sequence, 'rsa');
  whole.end();
  const [modulus, exponent] = [unsignedOf(reader.next('modulus')), unsignedOf(reader.next('exponent'))];
  reader.end();
  // 512 bytes of which the first has its highest bit: 4,096 bits and no fewer.
  const isWide = modulus.length === RSA_BYTES && modulus[0]! >= 0x80;
  if (!isWide || !equalBytes(exponent, EXPONENT_65537)) throw otherKey(at);
  return { modulus, exponent };
}

/** Uncompressed only, SEC 1 2.3.3. */
function readEcPoint(bytes: Uint8Array, at: string): EcPoint {
  if (bytes.length !== POINT_BYTES || bytes[0] !== 4) throw otherKey(at);
  const point = { x: bytes.subarray(1, 49), y: bytes.subarray(49) };
  requirePoint(point, at);
  return point;
}

const otherKey = (at: string): SevError => new SevError('CERT_KEY', { at, because: X509_FAULTS.keyKind() });
