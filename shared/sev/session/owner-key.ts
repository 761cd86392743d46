// The platform owner's key (OCA): made, taken in and given out. Raw bytes appear only in between, and are wiped.
import { SevError } from '../../errors.ts';
import { toUtf8 } from '../../bytes/text.ts';
import { type EcPoint, pointFromJwk } from '../../crypto/points.ts';
import { type CryptoKey, subtle } from '../../crypto/subtle.ts';
import { encodePkcs8, encodeSec1, parseEcPrivateKey, toPem } from '../../encodings/ec-private-key.ts';

const ECDSA_P384 = { name: 'ECDSA', namedCurve: 'P-384' };

export interface OwnerKey {
  /** Signs; it can be read only when it was made or imported as extractable. */
  readonly privateKey: CryptoKey;
  /** Big-endian. */
  readonly publicKey: EcPoint;
}

/** sevctl reads SEC 1 in DER, sev-tool reads PEM, everything newer reads PKCS #8. */
export type OwnerKeyForm = 'sec1-der' | 'sec1-pem' | 'pkcs8-pem';

/** A fresh key on P-384. */
export async function makeOwnerKey({ extractable }: { extractable: boolean }): Promise<OwnerKey> {
  const { privateKey, publicKey } = await subtle.generateKey(ECDSA_P384, extractable, ['sign', 'verify']);
  return { privateKey, publicKey: pointFromJwk(await subtle.exportKey('jwk', publicKey)) };
}

/**
 * Takes a key in from a file: PEM or DER, SEC 1 or PKCS #8, unencrypted, on secp384r1.
 * @param bytes the file; the caller wipes it
 * @throws SevError CERT_PEM
 */
export async function importOwnerKey(bytes: Uint8Array, { extractable }: { extractable: boolean }): Promise<OwnerKey> {
  const key = await parseEcPrivateKey(bytes);
  const pkcs8 = encodePkcs8(key);
  try {
    const privateKey = await subtle.importKey('pkcs8', pkcs8, ECDSA_P384, extractable, ['sign']);
    return { privateKey, publicKey: { x: key.point.slice(1, 49), y: key.point.slice(49) } };
  } finally {
    pkcs8.fill(0);
    key.scalar.fill(0);
  }
}

/**
 * Gives a key out as a file of raw secret bytes; the caller warns, writes them to a private place and wipes them.
 * @throws SevError CERT_PEM when the key cannot be read
 */
export async function exportOwnerKey({ privateKey }: OwnerKey, form: OwnerKeyForm): Promise<Uint8Array> {
  if (!privateKey.extractable) {
    const sentence = 'This key cannot be taken out of the vault.';
    throw new SevError('CERT_PEM', { sentence, next: 'Use it here, or make a new owner key that may be exported.' });
  }
  const exported = new Uint8Array(await subtle.exportKey('pkcs8', privateKey));
  const key = await parseEcPrivateKey(exported);
  const der = form === 'pkcs8-pem' ? encodePkcs8(key) : encodeSec1(key);
  exported.fill(0);
  key.scalar.fill(0);
  if (form === 'sec1-der') return der;
  const pem = toUtf8(toPem(form === 'sec1-pem' ? 'EC PRIVATE KEY' : 'PRIVATE KEY', der));
  der.fill(0);
  return pem;
}
