// Taking a platform into ownership: the owner's certificate (OCA), the request for its PEK, and the signature on it.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { signEcdsa } from '../../crypto/signatures.ts';
import { requireUsage } from '../formats/cert-chain.ts';
import { ecdsaSlotValue, encodeSevCert, encodeSignedBody, parseSevCert, type SevCert } from '../formats/sev-cert.ts';
import type { SignatureSlot } from '../formats/sev-cert.ts';
import type { TrustedPdh } from '../verify/cert-chain.ts';
import { verifyEcLink } from '../verify/sev-links.ts';
import type { OwnerKey } from './owner-key.ts';
import { OWNERSHIP_WORDS } from './words.ts';

/**
 * The owner's certificate: usage OCA, ECDSA with SHA-256 on P-384, API 0.0, signed by itself in slot 1, slot 2 unused.
 * @returns 2,084 bytes; the signature differs each time
 */
export async function makeOcaCertificate(key: OwnerKey): Promise<Uint8Array> {
  const { publicKey } = key;
  const fields = { apiMajor: 0, apiMinor: 0, usage: 'OCA', algorithm: 'ECDSA_SHA256', publicKey } as const;
  const slot = await signAsOca(key, encodeSignedBody(fields));
  return encodeSevCert({ ...fields, signatures: [slot, undefined] });
}

/**
 * Reads an owner's certificate and checks that its key signed it.
 * @throws SevError as parseSevCert; CERT_USAGE, CERT_SLOT, CERT_SIGNATURE
 */
export async function verifyOca(bytes: Uint8Array, at = 'oca'): Promise<SevCert> {
  const oca = requireUsage(parseSevCert(bytes, at), 'OCA', at);
  await verifyEcLink(oca, oca);
  return oca;
}

/**
 * Reads a platform's request: its PEK with both signature slots unused.
 * @param pek the PEK of the platform's chain, where the request must be of this very platform
 * @throws SevError as parseSevCert; CERT_CSR
 */
export function parsePekCsr(bytes: Uint8Array, pek?: SevCert, at = 'csr'): SevCert {
  const csr = readCsr(bytes, at);
  if (csr.usage !== 'PEK') throw notCsr(at, `It is the certificate of a key with another use (${csr.usage}).`);
  const signer = csr.signatures.find((slot) => slot !== undefined)?.usage;
  if (signer) throw notCsr(at, `It is signed already, by the ${signer}.`);
  if (pek && !equalBytes(csr.signedBody, pek.signedBody))
    throw notCsr(at, 'It is of another platform, or of a PEK before the present one.');
  return csr;
}

function readCsr(bytes: Uint8Array, at: string): SevCert {
  try {
    return parseSevCert(bytes, at);
  } catch (error) {
    throw unreadableCsr(error);
  }
}

/** A request that cannot be read is asked for again, not the chain. */
export function unreadableCsr(error: unknown): unknown {
  if (!(error instanceof SevError) || !error.code.startsWith('CERT_')) return error;
  const { code, at, sentence, cause } = error;
  return new SevError(code, { at, sentence, next: OWNERSHIP_WORDS.askAgain, cause });
}

/**
 * Signs a request as the platform's owner: into slot 1, and nothing else is changed.
 *
 * @param owner the key, and the certificate that goes to the platform with the signed PEK
 * @returns 2,084 bytes for PEK_CERT_IMPORT
 * @throws SevError CERT_CSR; CERT_KEY when the certificate is not of this key
 */
export async function signPekCsr(
  csr: SevCert,
  { key, oca }: { readonly key: OwnerKey; readonly oca: SevCert },
): Promise<Uint8Array> {
  const request = parsePekCsr(csr.bytes);
  if (!isKeyOf(key, oca)) {
    throw new SevError('CERT_KEY', {
      at: 'oca',
      sentence: 'The owner certificate (OCA) is of another key than the one that signs.',
      next: 'Give the certificate and the key that were made together, or make a new certificate for this key.',
    });
  }
  const slot = await signAsOca(key, request.signedBody);
  return encodeSevCert({ ...request, signatures: [slot, undefined] });
}

/**
 * The platform belongs to the owner that is expected. A valid chain alone does not say that: anybody can own a platform.
 * @throws SevError CERT_OWNER_UNEXPECTED
 */
export function requireOwner(platform: TrustedPdh, expected: SevCert): void {
  if (!equalBytes(platform.chain.oca.signedBody, expected.signedBody)) {
    throw new SevError('CERT_OWNER_UNEXPECTED', { at: 'oca' });
  }
}

export const isKeyOf = ({ publicKey }: OwnerKey, oca: SevCert): boolean =>
  equalBytes(publicKey.x, oca.publicKey.x) && equalBytes(publicKey.y, oca.publicKey.y);

async function signAsOca({ privateKey }: OwnerKey, signedBody: Uint8Array): Promise<SignatureSlot> {
  const value = ecdsaSlotValue(await signEcdsa(privateKey, 'SHA-256', signedBody));
  return { usage: 'OCA', algorithm: 'ECDSA_SHA256', value };
}

const notCsr = (at: string, because: string): SevError => new SevError('CERT_CSR', { at, because });
