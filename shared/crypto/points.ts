// Points on the curve P-384, checked explicitly: an engine that imports a point off the curve would leak the key.
import { p384 } from '@noble/curves/nist.js';
import { SevError } from '../errors.ts';
import { requireLength } from '../bytes/reader.ts';
import { fromBase64, toBase64, toHex } from '../bytes/text.ts';
import type { Jwk } from './subtle.ts';

/** A point on P-384: affine coordinates, 48 bytes each, big-endian (unlike in certificates). */
export interface EcPoint {
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/**
 * Refuses coordinates that are no point on P-384, the point at infinity included.
 * @throws SevError BYTES_LENGTH, CERT_POINT
 */
export function requirePoint(point: EcPoint, at: string): void {
  requireLength(point.x, 48, `${at}.x`);
  requireLength(point.y, 48, `${at}.y`);
  try {
    p384.Point.fromAffine({ x: BigInt(`0x${toHex(point.x)}`), y: BigInt(`0x${toHex(point.y)}`) }).assertValidity();
  } catch (cause) {
    throw new SevError('CERT_POINT', { at, cause });
  }
}

const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const fromBase64Url = (text: string): Uint8Array => {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/');
  return fromBase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, '='));
};

export const pointToJwk = (point: EcPoint): Jwk => ({
  kty: 'EC',
  crv: 'P-384',
  x: toBase64Url(point.x),
  y: toBase64Url(point.y),
});

export const pointFromJwk = (jwk: Jwk): EcPoint => ({ x: fromBase64Url(jwk.x ?? ''), y: fromBase64Url(jwk.y ?? '') });

/** An RSA public key, numbers big-endian, as WebCrypto wants it. */
export const rsaToJwk = (modulus: Uint8Array, exponent: Uint8Array): Jwk => ({
  kty: 'RSA',
  n: toBase64Url(modulus),
  e: toBase64Url(exponent),
});
