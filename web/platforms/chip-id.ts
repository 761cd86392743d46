// What tells one chip from another: its CEK's public key, whatever signature it carries at the moment.
import { toHex } from '../../shared/bytes/text.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import type { SevCert } from '../../shared/sev/formats/sev-cert.ts';
import { concat } from '../../shared/bytes/writer.ts';

/** Hex of the first 16 bytes of SHA-256 over the CEK's point, x then y. */
export async function chipId({ publicKey }: SevCert): Promise<string> {
  const hash = await sha256(concat(publicKey.x, publicKey.y));
  return toHex(hash.slice(0, 16));
}
