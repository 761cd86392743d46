// The platform's side of a chain: the slots of SEV certificates, looked for by their signer and never by their place.
import { SevError } from '../../errors.ts';
import { verifyEcdsa, verifyRsaPss } from '../../crypto/signatures.ts';
import type { CaCert } from '../formats/ca-cert.ts';
import { parseEcdsaSlotValue, parseRsaSlotValue, type SevCert, type SignatureSlot } from '../formats/sev-cert.ts';
import { amdCekUrl } from '../../trust/amd-kds.ts';
import { caHash } from './cert-id.ts';

/** @param given whose ASK and ARK were given, where it is known */
const otherGeneration = (given: string | undefined): string =>
  `${given ? `These ASK and ARK are those of ${given}. ` : ''}Give the ASK and ARK of this platform's own generation. If it stays so, do not trust this platform.`;
const OTHER_CHIP =
  "This CEK may be another chip's: fetch the one of this platform's own chip id. If it stays so, do not trust this platform.";

/**
 * The slot that names this signer.
 * @throws SevError CERT_SLOT when there is none; CERT_CEK_UNSIGNED for a CEK as the platform exports it
 */
export function requireSlot(cert: SevCert, signer: string, chipId?: string): SignatureSlot & { at: string } {
  const place = cert.usage.toLowerCase();
  const index = cert.signatures.findIndex((slot) => slot?.usage === signer);
  const slot = cert.signatures[index];
  if (slot) return { ...slot, at: `${place}.signature${index + 1}` };
  if (cert.usage === 'CEK') throw cekUnsigned(chipId);
  throw new SevError('CERT_SLOT', { at: place, sentence: `The ${cert.usage} carries no signature by the ${signer}.` });
}

/**
 * The CEK carries AMD's signature: RSASSA-PSS with the hash that fits the ASK's width.
 * @param given the generation whose ASK this is, for saying so
 * @throws SevError CERT_CEK_UNSIGNED, CERT_ALGORITHM, CERT_SIGNATURE
 */
export async function verifyCek(ask: CaCert, cek: SevCert, given?: string): Promise<void> {
  const { algorithm, value, at } = requireSlot(cek, 'ASK');
  const expected = ask.modulusSizeBits === 2048 ? 'RSA_SHA256' : 'RSA_SHA384';
  if (algorithm !== expected) {
    const whose = algorithm === 'RSA_SHA256' ? "as only Naples' does" : "as those after Naples' do";
    const because = `This ASK signs with ${expected}; the slot says ${algorithm}, ${whose}.`;
    throw new SevError('CERT_ALGORITHM', { at, because, next: otherGeneration(given) });
  }
  const signature = parseRsaSlotValue(value, algorithm, at);
  if (await verifyRsaPss(ask.key, caHash(ask.modulusSizeBits), signature, cek.signedBody)) return;
  throw new SevError('CERT_SIGNATURE', {
    at,
    sentence: signatureWrong('ASK', 'CEK'),
    next: otherGeneration(given),
  });
}

/**
 * One EC key's signature over another certificate, or over its own: ECDSA with SHA-256 on P-384.
 * @throws SevError CERT_SLOT, CERT_SIGNATURE
 */
export async function verifyEcLink(signer: SevCert, subject: SevCert): Promise<void> {
  const { value, at } = requireSlot(subject, signer.usage);
  const signature = parseEcdsaSlotValue(value, at);
  if (await verifyEcdsa(signer.publicKey, 'SHA-256', signature, subject.signedBody)) return;
  const sentence = signatureWrong(signer.usage, subject.usage);
  throw new SevError('CERT_SIGNATURE', { at, sentence, ...(signer.usage === 'CEK' && { next: OTHER_CHIP }) });
}

/** A CEK as the platform exports it; with the address of AMD's copy where the chip id is known. */
export function cekUnsigned(chipId: string | undefined): SevError {
  if (chipId === undefined) return new SevError('CERT_CEK_UNSIGNED', { at: 'cek' });
  const next = `Fetch AMD's copy from ${amdCekUrl(chipId)} and give it with the chain.`;
  return new SevError('CERT_CEK_UNSIGNED', { at: 'cek', next });
}

export const signatureWrong = (signer: string, subject: string): string =>
  `The ${signer}'s signature over ${signer === subject ? 'itself' : `the ${subject}`} does not verify.`;
