// How `sevctl verify` names certificates: `USAGE KEY SIG id`, so that what is read here can be found again there.
import { toHex } from '../../bytes/text.ts';
import { sha256Sync } from '../../crypto/sha256-stream.ts';
import { digest, type Hash } from '../../crypto/subtle.ts';
import type { CaCert } from '../formats/ca-cert.ts';
import type { SevCert } from '../formats/sev-cert.ts';

export type CertName = 'ARK' | 'ASK' | 'CEK' | 'OCA' | 'PEK' | 'PDH';

/** One certificate as it is listed: no judgement. */
export interface CertSummary {
  readonly name: CertName;
  /** sevctl's id: the digest of the signed bytes, so that it stays the same when AMD signs a CEK anew. Hex. */
  readonly id: string;
  /** sevctl's whole line: `PDH EP384 D256 008cec87…`. */
  readonly line: string;
  /** The key in words: `EC P-384`, `RSA 4096`. */
  readonly key: string;
  /** The firmware API that made it; AMD's own certificates carry none. */
  readonly api?: { readonly major: number; readonly minor: number };
}

const isCaCert = (cert: SevCert | CaCert): cert is CaCert => 'modulusSizeBits' in cert;

/** The hash that goes with a CA key of this width. */
export const caHash = (modulusSizeBits: CaCert['modulusSizeBits']): Hash =>
  modulusSizeBits === 2048 ? 'SHA-256' : 'SHA-384';

/** sevctl's id of a certificate, lower-case hex: 64 digits, or 96 for a 4,096-bit CA certificate. */
export async function sevctlId(cert: SevCert | CaCert): Promise<string> {
  const hash = isCaCert(cert) ? caHash(cert.modulusSizeBits) : 'SHA-256';
  // So few bytes take longer to reach the engine's own threads than to be hashed here.
  return toHex(hash === 'SHA-256' ? sha256Sync(cert.signedBody) : await digest(hash, cert.signedBody));
}

/** A certificate's entry in the list, with the line that sevctl prints for it. */
export async function summarizeCert(cert: SevCert | CaCert): Promise<CertSummary> {
  const id = await sevctlId(cert);
  if (isCaCert(cert)) {
    const words = `R${cert.modulusSizeBits} R${cert.modulusSizeBits === 2048 ? 256 : 384}`;
    return { name: cert.usage, id, line: `${cert.usage} ${words} ${id}`, key: `RSA ${cert.modulusSizeBits}` };
  }
  const words = `EP384 ${cert.algorithm === 'ECDH_SHA256' ? 'D256' : 'E256'}`;
  const api = { major: cert.apiMajor, minor: cert.apiMinor };
  return { name: cert.usage, id, line: `${cert.usage} ${words} ${id}`, key: 'EC P-384', api };
}
