// The attestation report that the PEK signs. SEV API, section 6.8.
import { reversed } from '../bytes/equal.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { type PlatformKey, signWith } from './platform-key.ts';

const PEK_USAGE = 0x1002;
const ECDSA_SHA256 = 2;
const EC_COMPONENT = 72;

/**
 * Signed are the first 52 bytes: mnonce, digest and policy.
 * @returns 208 bytes: mnonce 16, launch digest 32, policy, usage, algorithm, zeros 4, r 72, s 72; all little-endian
 */
export function signedReport(pek: PlatformKey, mnonce: Uint8Array, digest: Uint8Array, policy: number): Uint8Array {
  const report = new ByteWriter(208).bytes(mnonce).bytes(digest).u32(policy);
  const { r, s } = signWith(pek, report.finish());
  report.u32(PEK_USAGE).u32(ECDSA_SHA256).zeros(4);
  return report.padded(reversed(r), EC_COMPONENT).padded(reversed(s), EC_COMPONENT).finish();
}
