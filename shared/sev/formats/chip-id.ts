// What tells one chip from another: its CEK's public key, whatever signature it carries at the moment.
import { toHex } from '../../bytes/text.ts';
import { sha256 } from '../../crypto/subtle.ts';
import type { SevCert } from './sev-cert.ts';
import { concat } from '../../bytes/writer.ts';

/** Hex of the first 16 bytes of SHA-256 over the CEK's point, x then y. */
export async function chipId({ publicKey }: SevCert): Promise<string> {
  const hash = await sha256(concat(publicKey.x, publicKey.y));
  return toHex(hash.slice(0, 16));
}
