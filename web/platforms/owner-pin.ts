// The owner that the guest owner expects of a platform: a valid chain alone does not say who owns it, anybody could.
import type { OfKind } from '../../shared/airgap/index.ts';
import { toHex } from '../../shared/bytes/text.ts';
import { ownerKeySha256 } from '../../shared/sev/formats/key-field.ts';
import { parseCertChain, requireUsage } from '../../shared/sev/formats/cert-chain.ts';
import { parseSevCert } from '../../shared/sev/formats/sev-cert.ts';

export interface OwnerPin {
  /** SHA-256 of the OCA's whole public key, hex. */
  readonly keySha256: string;
  readonly name: string;
  readonly pinnedAt: number;
}

/** @throws SevError as parseCertChain */
export const ownerOfChain = async (chain: Uint8Array): Promise<string> => ownerKeySha256(parseCertChain(chain).oca);

/**
 * The owner that a code names: by the pin itself, or by the certificate that it is the pin of.
 * @throws SevError as parseSevCert, CERT_USAGE
 */
export async function ownerOfMessage(
  message: OfKind<'oca' | 'oca-pin'>,
): Promise<Pick<OwnerPin, 'keySha256'> & { name?: string }> {
  const { name } = message;
  const keySha256 =
    message.kind === 'oca-pin'
      ? toHex(message.sha256)
      : await ownerKeySha256(requireUsage(parseSevCert(message.oca, 'oca'), 'OCA', 'oca'));
  return { keySha256, ...(name !== undefined && { name }) };
}
