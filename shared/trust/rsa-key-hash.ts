// One pin for both wings: SEV's CA files and SNP's X.509 certificates carry the same RSA keys, so both are found by one hash.
import { reversed } from '../bytes/equal.ts';
import { toHex } from '../bytes/text.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { RsaKey } from '../crypto/signatures.ts';
import { sha256Sync } from '../crypto/sha256-stream.ts';
import type { PinnedRoot } from './pinned-root.ts';

/**
 * The hash by which roots are pinned: SHA-256 over exponent and modulus, each little-endian and as wide as the modulus, as SEV's
 * CA certificates store them.
 */
export function rsaKeySha256({ modulus, exponent }: RsaKey): string {
  const writer = new ByteWriter(2 * modulus.length);
  writer.padded(reversed(exponent), modulus.length).bytes(reversed(modulus));
  return toHex(sha256Sync(writer.finish()));
}

/** The pinned root that has this whole key; undefined for a key that is not pinned. */
export function rootOfRsaKey(key: RsaKey, roots: readonly PinnedRoot[]): PinnedRoot | undefined {
  const keySha256 = rsaKeySha256(key);
  return roots.find((root) => root.keySha256 === keySha256);
}
