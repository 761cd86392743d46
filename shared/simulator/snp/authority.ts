// The simulated AMD for SEV-SNP: roots and signing keys of all three products, under the published test root's two keys.
import { importRootKey } from '../certify.ts';
import type { RsaKey } from '../../crypto/signatures.ts';
import { type CryptoKey, subtle } from '../../crypto/subtle.ts';
import { fromBase64 } from '../../bytes/text.ts';
import type { SnpProduct } from '../../snp/formats/product.ts';
import { TEST_ARK_KEY, TEST_ASK_KEY } from '../test-root.ts';
import { authorityExtensions, issue, issueCrl, rsaPublicKey, type Validity } from './certify.ts';

/** Serial numbers as AMD gives them: the product's number, and one more for each signing key. */
const NUMBERS: Readonly<Record<SnpProduct, number>> = { Milan: 0x1_0000, Genoa: 0x2_0000, Turin: 0x3_0000 };
const ASK_SERIAL = 1;
const ASVK_SERIAL = 0x101;

const VALIDITY: Validity = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-12-31T23:59:59Z') };

export interface AuthorityCertificates {
  /** DER. */
  readonly ark: Uint8Array;
  /** Signs VCEKs. */
  readonly ask: Uint8Array;
  /** Signs VLEKs. */
  readonly asvk: Uint8Array;
}

/** What the simulated AMD can do for one product. */
export class SnpAuthority {
  readonly product: SnpProduct;
  readonly certificates: AuthorityCertificates;
  /** Signs VCEKs and VLEKs alike; the simulated AMD has one such key. */
  readonly signingKey: CryptoKey;
  readonly #rootKey: CryptoKey;

  private constructor(product: SnpProduct, certificates: AuthorityCertificates, keys: readonly [CryptoKey, CryptoKey]) {
    this.product = product;
    this.certificates = certificates;
    [this.#rootKey, this.signingKey] = keys;
  }

  static async create(product: SnpProduct): Promise<SnpAuthority> {
    const [ark, ask] = [await importRootKey(TEST_ARK_KEY), await importRootKey(TEST_ASK_KEY)];
    const [arkKey, askKey] = [await publicHalf(TEST_ARK_KEY), await publicHalf(TEST_ASK_KEY)];
    const root = `ARK-${product}`;
    const authority = (subject: string, serial: number, key: RsaKey, below?: number): Promise<Uint8Array> =>
      issue(ark, {
        ...VALIDITY,
        subject,
        issuer: root,
        serial: NUMBERS[product] + serial,
        publicKey: rsaPublicKey(key),
        extensions: authorityExtensions(below),
      });
    const certificates = {
      ark: await authority(root, 0, arkKey),
      ask: await authority(`SEV-${product}`, ASK_SERIAL, askKey, 0),
      asvk: await authority(`SEV-VLEK-${product}`, ASVK_SERIAL, askKey, 0),
    };
    return new SnpAuthority(product, certificates, [ark, ask]);
  }

  /** A list of revoked certificates, DER. @param revoked of the two signing keys */
  crl(thisUpdate: Date, nextUpdate: Date, revoked: readonly ('ask' | 'asvk')[] = []): Promise<Uint8Array> {
    const serials = revoked.map((name) => NUMBERS[this.product] + (name === 'ask' ? ASK_SERIAL : ASVK_SERIAL));
    const list = { issuer: `ARK-${this.product}`, thisUpdate, nextUpdate, number: 1, revoked: serials };
    return issueCrl(this.#rootKey, list);
  }
}

/** The public half of a published test key. */
async function publicHalf(pkcs8: Uint8Array): Promise<RsaKey> {
  const key = await subtle.importKey('pkcs8', pkcs8, { name: 'RSA-PSS', hash: 'SHA-384' }, true, ['sign']);
  const { n = '', e = '' } = await subtle.exportKey('jwk', key);
  return { modulus: fromUrl(n), exponent: fromUrl(e) };
}

const fromUrl = (text: string): Uint8Array => {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/');
  return fromBase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, '='));
};
