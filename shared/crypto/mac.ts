// HMAC-SHA-256 and AES-128-CTR: the two algorithms under which TIK and TEK work.
import { requireLength } from '../bytes/reader.ts';
import { type CryptoKey, subtle } from './subtle.ts';

const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/** Imports a TIK or KIK: 16 bytes, usable to make and to check MACs, never to be read again. */
export async function importMacKey(raw: Uint8Array): Promise<CryptoKey> {
  requireLength(raw, 16, 'tik');
  return subtle.importKey('raw', raw, HMAC, false, ['sign', 'verify']);
}

/** HMAC-SHA-256, 32 bytes. */
export const mac = async (key: CryptoKey, message: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await subtle.sign(HMAC, key, message));

/** Whether the MAC is right; compared by WebCrypto itself, in constant time. Answers no, never throws, for a wrong one. */
export const verifyMac = (key: CryptoKey, message: Uint8Array, expected: Uint8Array): Promise<boolean> =>
  subtle.verify(HMAC, key, expected, message);

/** Imports a TEK or KEK: 16 bytes, usable to encrypt and decrypt, never to be read again. */
export async function importCipherKey(raw: Uint8Array): Promise<CryptoKey> {
  requireLength(raw, 16, 'tek');
  return subtle.importKey('raw', raw, { name: 'AES-CTR' }, false, ['encrypt', 'decrypt']);
}

/** AES-128-CTR with the whole 16-byte IV as one big-endian counter. Encrypting and decrypting are the same. */
export async function aesCtr(key: CryptoKey, iv: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  requireLength(iv, 16, 'iv');
  return new Uint8Array(await subtle.encrypt({ name: 'AES-CTR', counter: iv, length: 128 }, key, data));
}
