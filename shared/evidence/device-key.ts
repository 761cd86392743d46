// The key of a guest owner's device, which signs the records that it writes; and the public key as people pin it.
// ECDSA on P-256 with SHA-256: every browser keeps such a key without letting its private part out.
import { fromBase64, toBase64, toHex } from '../bytes/text.ts';
import { SevError } from '../errors.ts';
import { type CryptoKey, type CryptoKeyPair, sha256, subtle } from '../crypto/subtle.ts';

/** SEC 1, section 2.3.3: 4, then x and y, 32 bytes each, big-endian. */
export const DEVICE_KEY_SIZE = 65;
/** IEEE P1363: r and s, 32 bytes each, big-endian. */
export const DEVICE_SIGNATURE_SIZE = 64;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };
const PREFIX = 'sev-device-key.v1:';

/** Signs in the name of a device. The vault makes one of the key that it keeps. */
export interface DeviceSigner {
  /** 65 bytes. */
  readonly publicKey: Uint8Array;
  /** @returns 64 bytes */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A new key; its private part cannot be taken out of the browser. */
export const makeDeviceKey = (): Promise<CryptoKeyPair> => subtle.generateKey(CURVE, false, ['sign', 'verify']);

export async function deviceSigner({ publicKey, privateKey }: CryptoKeyPair): Promise<DeviceSigner> {
  return {
    publicKey: new Uint8Array(await subtle.exportKey('raw', publicKey)),
    sign: async (message) => new Uint8Array(await subtle.sign(SIGNING, privateKey, message)),
  };
}

/** @returns false also for a key that is no point of the curve */
export async function verifyDeviceSignature(
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  let key: CryptoKey;
  try {
    key = await subtle.importKey('raw', publicKey, CURVE, false, ['verify']);
  } catch {
    return false;
  }
  return subtle.verify(SIGNING, key, signature, message);
}

/** The public key as it is shown, copied and pinned. */
export const encodeDeviceKey = (publicKey: Uint8Array): string => `${PREFIX}${toBase64(publicKey)}`;

/** @throws SevError BYTES_VALUE, BYTES_ENCODING, BYTES_LENGTH */
export function parseDeviceKey(text: string, at: string): Uint8Array {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX)) {
    const because = `The public key of a device begins with “${PREFIX}”.`;
    throw new SevError('BYTES_VALUE', { at, because, next: 'Copy it from the Keys page of the device.' });
  }
  const key = fromBase64(trimmed.slice(PREFIX.length), at);
  if (key.length === DEVICE_KEY_SIZE) return key;
  throw new SevError('BYTES_LENGTH', { at, because: `${key.length} bytes instead of ${DEVICE_KEY_SIZE}.` });
}

/** What two people compare by voice: the first 16 hex digits of the SHA-256 of the 65 bytes. */
export const deviceKeyId = async (publicKey: Uint8Array): Promise<string> =>
  toHex(await sha256(publicKey)).slice(0, 16);
