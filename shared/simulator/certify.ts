// How the simulated AMD and the simulated platform make certificates.
import { ascii } from '../bytes/text.ts';
import { type RsaKey, signRsaPss } from '../crypto/signatures.ts';
import { type CryptoKey, subtle } from '../crypto/subtle.ts';
import { encodeCaCert } from '../sev/formats/ca-cert.ts';
import {
  ecdsaSlotValue,
  encodeSevCert,
  encodeSignedBody,
  type KeyAlgorithm,
  rsaSlotValue,
  type SevCertFields,
  type SevCertUsage,
  type SignatureSlot,
} from '../sev/formats/sev-cert.ts';
import { type PlatformKey, signWith } from './platform-key.ts';

export type UnsignedCert = Omit<SevCertFields, 'signatures'>;

/** A certificate's content: whose key, for what, and the API version of the firmware that makes it. */
export function certificateOf(
  usage: SevCertUsage,
  { point }: PlatformKey,
  version: { readonly apiMajor: number; readonly apiMinor: number },
): UnsignedCert {
  const algorithm: KeyAlgorithm = usage === 'PDH' ? 'ECDH_SHA256' : 'ECDSA_SHA256';
  return { apiMajor: version.apiMajor, apiMinor: version.apiMinor, usage, algorithm, publicKey: point };
}

/** The slot of an EC signer: OCA, PEK or CEK. */
export function slotBy(usage: 'OCA' | 'PEK' | 'CEK', signer: PlatformKey, cert: UnsignedCert): SignatureSlot {
  const value = ecdsaSlotValue(signWith(signer, encodeSignedBody(cert)));
  return { usage, algorithm: 'ECDSA_SHA256', value };
}

/** The slot of the simulated AMD: RSA-PSS with SHA-384 by its ASK of 4,096 bits. */
export async function slotByAsk(ask: CryptoKey, cert: UnsignedCert): Promise<SignatureSlot> {
  const signature = await signRsaPss(ask, 'SHA-384', encodeSignedBody(cert));
  return { usage: 'ASK', algorithm: 'RSA_SHA384', value: rsaSlotValue(signature) };
}

/** @returns 2,084 bytes */
export const signed = (cert: UnsignedCert, first?: SignatureSlot, second?: SignatureSlot): Uint8Array =>
  encodeSevCert({ ...cert, signatures: [first, second] });

/** @param pkcs8 an RSA private key in PKCS #8 */
export const importRootKey = (pkcs8: Uint8Array): Promise<CryptoKey> =>
  subtle.importKey('pkcs8', pkcs8, { name: 'RSA-PSS', hash: 'SHA-384' }, false, ['sign']);

const ARK_ID = ascii('SIMULATED ARK   ');
const ASK_ID = ascii('SIMULATED ASK   ');

/**
 * The CA certificates of the simulated AMD, made anew from its keys; PSS signatures differ each time.
 * @returns ARK (signed by itself) and ASK, 1,600 bytes each
 */
export async function certifyTestRoot(
  arkKey: CryptoKey,
  keys: { readonly ark: RsaKey; readonly ask: RsaKey },
): Promise<{ readonly ark: Uint8Array; readonly ask: Uint8Array }> {
  const certify = async (usage: 'ARK' | 'ASK', keyId: Uint8Array, key: RsaKey): Promise<Uint8Array> => {
    const fields = { keyId, certifyingKeyId: ARK_ID, usage, modulusSizeBits: 4096, key, signature: undefined } as const;
    const signature = await signRsaPss(arkKey, 'SHA-384', encodeCaCert(fields));
    return encodeCaCert({ ...fields, signature });
  };
  return { ark: await certify('ARK', ARK_ID, keys.ark), ask: await certify('ASK', ASK_ID, keys.ask) };
}
