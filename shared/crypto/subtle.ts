// The one file that names globalThis.crypto. Types are the part of WebCrypto that is used here, so that
// `shared` needs neither the DOM's nor Node's declarations.

/** A WebCrypto key handle. Structurally the DOM's and Node's CryptoKey. */
export interface CryptoKey {
  readonly algorithm: { readonly name: string };
  readonly extractable: boolean;
  readonly type: 'private' | 'public' | 'secret';
  readonly usages: readonly string[];
}

export interface CryptoKeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

/** JSON Web Key members that are used here, base64url without padding. */
export interface Jwk {
  kty: string;
  crv?: string;
  x?: string;
  y?: string;
  d?: string;
  n?: string;
  e?: string;
  ext?: boolean;
}

type Algorithm = { readonly name: string } & Record<string, unknown>;

interface Subtle {
  digest(algorithm: string, data: Uint8Array): Promise<ArrayBuffer>;
  importKey(format: 'jwk', key: Jwk, algorithm: Algorithm, extractable: boolean, usages: string[]): Promise<CryptoKey>;
  importKey(
    format: 'raw' | 'pkcs8' | 'spki',
    key: Uint8Array,
    algorithm: Algorithm,
    extractable: boolean,
    usages: string[],
  ): Promise<CryptoKey>;
  exportKey(format: 'jwk', key: CryptoKey): Promise<Jwk>;
  exportKey(format: 'raw' | 'pkcs8' | 'spki', key: CryptoKey): Promise<ArrayBuffer>;
  generateKey(algorithm: Algorithm, extractable: boolean, usages: string[]): Promise<CryptoKeyPair>;
  deriveBits(algorithm: Algorithm, key: CryptoKey, lengthBits: number): Promise<ArrayBuffer>;
  sign(algorithm: Algorithm, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
  verify(algorithm: Algorithm, key: CryptoKey, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
  encrypt(algorithm: Algorithm, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
  decrypt(algorithm: Algorithm, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
}

interface WebCrypto {
  readonly subtle: Subtle;
  getRandomValues(target: Uint8Array): Uint8Array;
  randomUUID(): string;
}

const { crypto } = globalThis as unknown as { crypto: WebCrypto };

export const subtle: Subtle = crypto.subtle;

/** A source of random bytes; passed in, so that tests can choose them. */
export type Random = (length: number) => Uint8Array;

export const webCryptoRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

export const randomId = (): string => crypto.randomUUID();

export type Hash = 'SHA-256' | 'SHA-384';
/** What a signature or a MAC is never taken over here, but a digest is. */
export type DigestHash = Hash | 'SHA-512';

export const digest = async (hash: DigestHash, data: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await subtle.digest(hash, data));

export const sha256 = (data: Uint8Array): Promise<Uint8Array> => digest('SHA-256', data);
