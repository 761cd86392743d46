// ECDSA on P-384 and RSASSA-PSS, over numbers that are big-endian as WebCrypto wants them. Turning the
// certificates' little-endian numbers round is the formats' work.
import { concat } from '../bytes/writer.ts';
import { type EcPoint, rsaToJwk } from './points.ts';
import { type CryptoKey, type Hash, subtle } from './subtle.ts';

/** An ECDSA signature on P-384: r and s, 48 bytes each, big-endian. */
export interface EcdsaSignature {
  readonly r: Uint8Array;
  readonly s: Uint8Array;
}

/** An RSA public key, big-endian: the modulus at its full width, the exponent without leading zeros. */
export interface RsaKey {
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-384' };
/** SEC 1, section 2.3.3: an uncompressed point begins with 4. */
const UNCOMPRESSED = Uint8Array.of(4);
const SALT_LENGTH = { 'SHA-256': 32, 'SHA-384': 48 };

/**
 * Answers whether the signature is right; throws only when the key cannot be imported. The key goes in as a raw point:
 * that is many times quicker than a JWK, and whoever parsed it has checked that it lies on the curve.
 */
export async function verifyEcdsa(
  key: EcPoint,
  hash: Hash,
  signature: EcdsaSignature,
  message: Uint8Array,
): Promise<boolean> {
  const publicKey = await importEcdsaKey(key);
  return subtle.verify({ ...ECDSA, hash }, publicKey, concat(signature.r, signature.s), message);
}

/** The handle of a parsed key; a second call for the same object answers with the first one's. */
export const importEcdsaKey = (key: EcPoint): Promise<CryptoKey> =>
  importOnce(key, ecKeys, ({ x, y }) => subtle.importKey('raw', concat(UNCOMPRESSED, x, y), ECDSA, false, ['verify']));

const ecKeys = new WeakMap<EcPoint, Promise<CryptoKey>>();
const rsaKeys = {
  'SHA-256': new WeakMap<RsaKey, Promise<CryptoKey>>(),
  'SHA-384': new WeakMap<RsaKey, Promise<CryptoKey>>(),
};

/** A parsed key signs several things: the ARK itself and the ASK, the OCA itself and the PEK. It is imported once. */
function importOnce<K extends object>(
  key: K,
  known: WeakMap<K, Promise<CryptoKey>>,
  importKey: (key: K) => Promise<CryptoKey>,
): Promise<CryptoKey> {
  const imported = known.get(key) ?? importKey(key);
  known.set(key, imported);
  return imported;
}

export async function signEcdsa(privateKey: CryptoKey, hash: Hash, message: Uint8Array): Promise<EcdsaSignature> {
  const signature = new Uint8Array(await subtle.sign({ ...ECDSA, hash }, privateKey, message));
  return { r: signature.slice(0, 48), s: signature.slice(48) };
}

/**
 * Answers whether the RSASSA-PSS signature is right. MGF1 with the same hash; the salt is as long as the digest
 * and no other length is accepted.
 * @param signature big-endian, as wide as the modulus
 */
export async function verifyRsaPss(
  key: RsaKey,
  hash: Hash,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const publicKey = await importOnce(key, rsaKeys[hash], ({ modulus, exponent }) =>
    subtle.importKey('jwk', rsaToJwk(modulus, exponent), { name: 'RSA-PSS', hash }, false, ['verify']),
  );
  return subtle.verify({ name: 'RSA-PSS', saltLength: SALT_LENGTH[hash] }, publicKey, signature, message);
}

/** @returns the signature, big-endian, as wide as the modulus */
export const signRsaPss = async (privateKey: CryptoKey, hash: Hash, message: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await subtle.sign({ name: 'RSA-PSS', saltLength: SALT_LENGTH[hash] }, privateKey, message));
