// The guest owner's Diffie-Hellman certificate (GODH): a fresh key on P-384 in the form of a PDH certificate.
import { ECDH_P384, generateEcdhKey } from '../../crypto/ecdh.ts';
import { type EcPoint, pointFromJwk } from '../../crypto/points.ts';
import { signEcdsa } from '../../crypto/signatures.ts';
import { type CryptoKey, subtle } from '../../crypto/subtle.ts';
import { ecdsaSlotValue, encodeSevCert, encodeSignedBody, type SignatureSlot } from '../formats/sev-cert.ts';

/** sevctl leaves both signature slots unused; sev-tool signs the certificate with its own key. The AMD-SP takes both. */
export type GodhForm = 'sevctl' | 'sev-tool';

export interface Godh {
  /** The certificate, 2,084 bytes. */
  readonly bytes: Uint8Array;
  /** For one key agreement, then forgotten. It cannot be read. */
  readonly privateKey: CryptoKey;
}

export async function makeGodh(form: GodhForm): Promise<Godh> {
  if (form === 'sevctl') {
    const { privateKey, point } = await generateEcdhKey();
    return { bytes: encodeGodh(point, undefined), privateKey };
  }
  const { signingKey, privateKey, point } = await generateSigningKey();
  const value = ecdsaSlotValue(await signEcdsa(signingKey, 'SHA-256', encodeSignedBody(godhFields(point))));
  // sev-tool names the PEK as the signer, although the GODH's own key signs.
  return { bytes: encodeGodh(point, { usage: 'PEK', algorithm: 'ECDSA_SHA256', value }), privateKey };
}

const godhFields = (publicKey: EcPoint) =>
  ({ apiMajor: 0, apiMinor: 0, usage: 'PDH', algorithm: 'ECDH_SHA256', publicKey }) as const;

/** A GODH around a given key: API 0.0, the first slot as given, the second unused. */
export const encodeGodh = (publicKey: EcPoint, signature: SignatureSlot | undefined): Uint8Array =>
  encodeSevCert({ ...godhFields(publicKey), signatures: [signature, undefined] });

/** One key for two algorithms: WebCrypto ties a handle to one, so the key is imported a second time. */
async function generateSigningKey(): Promise<{ signingKey: CryptoKey; privateKey: CryptoKey; point: EcPoint }> {
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-384' };
  const pair = await subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const pkcs8 = new Uint8Array(await subtle.exportKey('pkcs8', pair.privateKey));
  try {
    const privateKey = await subtle.importKey('pkcs8', pkcs8, ECDH_P384, false, ['deriveBits']);
    const point = pointFromJwk(await subtle.exportKey('jwk', pair.publicKey));
    return { signingKey: pair.privateKey, privateKey, point };
  } finally {
    pkcs8.fill(0);
  }
}
