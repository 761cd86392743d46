// A platform's chain in the order of `sevctl export`: PDH, PEK, OCA, CEK, and with --full also ASK and ARK.
import { SevError } from '../../errors.ts';
import { concat } from '../../bytes/writer.ts';
import { type CaCert, caCertSize, parseCaCert } from './ca-cert.ts';
import { parseSevCert, type SevCert, type SevCertUsage } from './sev-cert.ts';
import { CHAIN_SIZES, SEV_CERT_SIZE, SEV_CHAIN_SIZE } from './sizes.ts';

export { SEV_CHAIN_SIZE } from './sizes.ts';
import { aName } from './sev-names.ts';

/** Whether each certificate is in its place is known; whether one signs another is not. */
export interface CertChain {
  readonly pdh: SevCert;
  readonly pek: SevCert;
  readonly oca: SevCert;
  readonly cek: SevCert;
  readonly ask?: CaCert;
  readonly ark?: CaCert;
}

const SEV_ORDER = ['pdh', 'pek', 'oca', 'cek'] as const;

/**
 * Reads a chain: 8,336 bytes without ASK and ARK; with them 10,000 (Naples) or 11,536; or 9,744 where Naples' ARK
 * came without its signature, as AMD serves it. Field paths begin with the certificate's name: `pek.signature2`.
 *
 * @throws SevError as parseSevCert and parseCaCert; CERT_USAGE when a certificate stands in another's place
 */
export function parseCertChain(bytes: Uint8Array, at = ''): CertChain {
  requireChainLength(bytes, at);
  const [pdh, pek, oca, cek] = SEV_ORDER.map((name, i) => {
    const place = joinPath(at, name);
    const cert = parseSevCert(bytes.subarray(i * SEV_CERT_SIZE, (i + 1) * SEV_CERT_SIZE), place);
    return requireUsage(cert, name.toUpperCase() as SevCertUsage, place);
  }) as [SevCert, SevCert, SevCert, SevCert];
  const ca = bytes.subarray(SEV_CHAIN_SIZE);
  return { pdh, pek, oca, cek, ...(ca.length > 0 && parseCaPair(ca, at)) };
}

/** Joins the certificates' own bytes; nothing is encoded anew. An ARK without an ASK has no place in this order. */
export function encodeCertChain({ pdh, pek, oca, cek, ask, ark }: CertChain): Uint8Array {
  if (!ask !== !ark) {
    throw new SevError('CERT_CHAIN_INCOMPLETE', { at: ask ? 'ark' : 'ask', because: 'ASK and ARK go together.' });
  }
  return concat(...[pdh, pek, oca, cek, ask, ark].map((cert) => cert?.bytes ?? new Uint8Array()));
}

/**
 * Reads an ASK followed by its ARK, as in AMD's `ask_ark_<generation>.cert`.
 * @throws SevError as parseCaCert; CERT_USAGE when the two are swapped
 */
export function parseCaPair(bytes: Uint8Array, at = ''): { ask: CaCert; ark: CaCert } {
  const askSize = caCertSize(bytes, joinPath(at, 'ask'));
  const ask = parseCaCert(bytes.subarray(0, askSize), joinPath(at, 'ask'));
  const ark = parseCaCert(bytes.subarray(askSize), joinPath(at, 'ark'));
  return { ask: requireUsage(ask, 'ASK', joinPath(at, 'ask')), ark: requireUsage(ark, 'ARK', joinPath(at, 'ark')) };
}

/**
 * Refuses a certificate that stands in another's place.
 * @throws SevError CERT_USAGE naming both
 */
export function requireUsage<C extends SevCert | CaCert>(cert: C, usage: C['usage'], at: string): C {
  if (cert.usage === usage) return cert;
  throw new SevError('CERT_USAGE', { at, sentence: `This is ${aName(cert.usage)}, where ${aName(usage)} belongs.` });
}

const joinPath = (at: string, name: string): string => (at ? `${at}.${name}` : name);

/** @throws SevError BYTES_LENGTH */
export function requireChainLength(bytes: Uint8Array, at: string): void {
  if (CHAIN_SIZES.includes(bytes.length)) return;
  const [bare, ...withCa] = CHAIN_SIZES;
  const because = `${bytes.length} bytes; a chain has ${bare}, with ASK and ARK ${withCa.slice(0, -1).join(', ')} or ${withCa.at(-1)}.`;
  throw new SevError('BYTES_LENGTH', { at, because });
}
