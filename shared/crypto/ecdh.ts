// ECDH on P-384 between the GODH and the PDH.
import { type CryptoKey, subtle } from './subtle.ts';
import { type EcPoint, pointFromJwk, pointToJwk, requirePoint } from './points.ts';

export const ECDH_P384 = { name: 'ECDH', namedCurve: 'P-384' };

/** A fresh ECDH key; the private half cannot leave the engine. */
export async function generateEcdhKey(): Promise<{ privateKey: CryptoKey; point: EcPoint }> {
  const { privateKey, publicKey } = await subtle.generateKey(ECDH_P384, false, ['deriveBits']);
  return { privateKey, point: pointFromJwk(await subtle.exportKey('jwk', publicKey)) };
}

/**
 * The shared secret Z: the x coordinate of the common point, 48 bytes, big-endian.
 * @throws SevError CERT_POINT when the other's key is no point on the curve
 */
export async function sharedSecret(privateKey: CryptoKey, other: EcPoint, at: string): Promise<Uint8Array> {
  requirePoint(other, at);
  const publicKey = await subtle.importKey('jwk', pointToJwk(other), ECDH_P384, false, []);
  return new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: publicKey }, privateKey, 384));
}
