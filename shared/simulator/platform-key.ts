// The AMD-SP's own EC keys. Made and used with @noble, where the verifying side uses WebCrypto: the two must not
// share a mistake, and a chip can be made from chosen randomness.
import { p384 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from '../bytes/writer.ts';
import type { EcPoint } from '../crypto/points.ts';
import type { EcdsaSignature } from '../crypto/signatures.ts';
import type { Random } from '../crypto/subtle.ts';

/** A private key on P-384 with its public point; numbers are big-endian. A test key: it is never a real chip's. */
export interface PlatformKey {
  /** 48 bytes. */
  readonly secret: Uint8Array;
  readonly point: EcPoint;
}

// How many random bytes make a scalar without bias: those of the order, and 24 more.
const SEED_SIZE = 72;
const UNCOMPRESSED = Uint8Array.of(4);

// A new chip needs eight products with the base point. The table that @noble makes by itself pays only for hundreds:
// a smaller one halves the time of a first start.
p384.Point.BASE.precompute(4);

export const makePlatformKey = (random: Random): PlatformKey =>
  platformKeyOf(p384.utils.randomSecretKey(random(SEED_SIZE)));

/** @param secret 48 bytes, big-endian, from 1 to the order less one */
export function platformKeyOf(secret: Uint8Array): PlatformKey {
  const point = p384.getPublicKey(secret, false);
  return { secret, point: { x: point.slice(1, 49), y: point.slice(49) } };
}

const encodePoint = (point: EcPoint): Uint8Array => concat(UNCOMPRESSED, point.x, point.y);

/** ECDSA with SHA-256, as every key of the platform signs. */
export function signWith(key: PlatformKey, message: Uint8Array): EcdsaSignature {
  const signature = p384.sign(sha256(message), key.secret, { prehash: false, lowS: false, format: 'compact' });
  return { r: signature.slice(0, 48), s: signature.slice(48) };
}

/** Answers whether the signature is right; a key off the curve verifies nothing. */
export function signedBy(point: EcPoint, signature: EcdsaSignature, message: Uint8Array): boolean {
  try {
    const options = { prehash: false, lowS: false, format: 'compact' } as const;
    return p384.verify(concat(signature.r, signature.s), sha256(message), encodePoint(point), options);
  } catch {
    return false;
  }
}

/**
 * Z of ECDH: the x coordinate of the shared point, 48 bytes, big-endian.
 * @returns undefined when the other's key is no point on the curve
 */
export function agree(key: PlatformKey, other: EcPoint): Uint8Array | undefined {
  try {
    return p384.getSharedSecret(key.secret, encodePoint(other), true).slice(1);
  } catch {
    return undefined;
  }
}
