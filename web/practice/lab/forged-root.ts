// A liar's own "AMD": a root that carries the key id of AMD's, with another key, and all that hangs on it made to fit.
import { fromHex } from '../../../shared/bytes/text.ts';
import { type RsaKey, signRsaPss } from '../../../shared/crypto/signatures.ts';
import { type CaCertFields, encodeCaCert, parseCaCert } from '../../../shared/sev/formats/ca-cert.ts';
import { encodeSevCert, parseSevCert, rsaSlotValue } from '../../../shared/sev/formats/sev-cert.ts';
import { AMD_ROOTS, type PinnedRoot } from '../../../shared/trust/amd-roots.ts';
import type { Certificates } from './host.ts';

const RSA = { name: 'RSA-PSS', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' };

interface CaKey {
  readonly publicKey: RsaKey;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

/** The generation whose ids are copied: its keys have 2,048 bits, which are quickly made. */
const COPIED = AMD_ROOTS.find(({ modulusSizeBits }) => modulusSizeBits === 2048)!;

/** @param own certificates of the liar's platform @returns the same with a forged ARK and ASK, and a CEK that they vouch for */
export async function forgeRoot(own: Certificates, copied: PinnedRoot = COPIED): Promise<Certificates> {
  const [arkKey, askKey] = [await makeCaKey(), await makeCaKey()];
  const arkId = fromHex(copied.keyId);
  const ark = await certify('ARK', arkId, arkKey, arkId, arkKey);
  const ask = await certify('ASK', fromHex(copied.ask.keyId), askKey, arkId, arkKey);
  const chip = parseSevCert(own.cek);
  const value = rsaSlotValue(await askKey.sign(chip.signedBody));
  const cek = encodeSevCert({ ...chip, signatures: [{ usage: 'ASK', algorithm: 'RSA_SHA256', value }, undefined] });
  return { ...own, ark, ask, cek };
}

async function makeCaKey(): Promise<CaKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const { n = '' } = await crypto.subtle.exportKey('jwk', publicKey);
  const modulus = Uint8Array.from(atob(n.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  return {
    publicKey: { modulus, exponent: Uint8Array.of(1, 0, 1) },
    sign: (message) => signRsaPss(privateKey, 'SHA-256', message),
  };
}

async function certify(
  usage: 'ARK' | 'ASK',
  keyId: Uint8Array,
  { publicKey }: CaKey,
  certifyingKeyId: Uint8Array,
  signer: CaKey,
): Promise<Uint8Array> {
  const fields: CaCertFields = {
    keyId,
    certifyingKeyId,
    usage,
    modulusSizeBits: 2048,
    key: publicKey,
    signature: undefined,
  };
  const body = encodeCaCert(fields);
  return encodeCaCert({ ...fields, signature: await signer.sign(body) });
}

/** The pin that would let a forged root pass: what a verifier would have that took a key id for a proof. */
export async function pinOfForgery({ ark, ask }: Certificates): Promise<PinnedRoot> {
  return { ...COPIED, keySha256: await keyHash(ark), ask: { ...COPIED.ask, keySha256: await keyHash(ask) } };
}

async function keyHash(ca: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', parseCaCert(ca).keyField as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
