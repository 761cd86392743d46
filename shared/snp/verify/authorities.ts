// AMD's side of an SNP chain: the root (ARK), pinned by its whole key, and the signing keys (ASK for VCEKs, ASVK for VLEKs) below
// it. SNP certificate specification parts 1 and 2.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { type RsaKey, verifyRsaPss } from '../../crypto/signatures.ts';
import type { SnpProduct } from '../formats/product.ts';
import type { SigningKey } from '../formats/report.ts';
import type { X509Certificate } from '../formats/x509.ts';
import { caConstraints, OID, unknownCritical } from '../formats/x509-extensions.ts';
import type { PinnedRoot } from '../../trust/pinned-root.ts';
import { rootOfRsaKey } from '../../trust/rsa-key-hash.ts';
import { CHAIN_WORDS } from './words.ts';

const KNOWN_EXTENSIONS = Object.values(OID);

export interface VerifiedRoot {
  readonly root: PinnedRoot;
  readonly product: SnpProduct;
}

/**
 * The root has a pinned key, the name of that key's product, and may sign at the date. Its own signature is `requireSignature`'s.
 * @throws SevError CERT_ROOT_UNKNOWN, CERT_NAME, CERT_CA, CERT_EXTENSION, CERT_EXPIRED, CERT_NOT_YET
 */
export function requireRoot(ark: X509Certificate, roots: readonly PinnedRoot[], asOf: Date): VerifiedRoot {
  const at = 'ark';
  const { commonName } = ark.subject;
  const root = rootOfRsaKey(rsaKeyOf(ark, at), roots);
  if (!root) throw new SevError('CERT_ROOT_UNKNOWN', { at, because: CHAIN_WORDS.notPinned(commonName) });
  const products = root.snpProducts ?? [];
  const product = products.find((name) => commonName === `ARK-${name}`);
  if (!product) throw new SevError('CERT_NAME', { at, because: CHAIN_WORDS.rootName(commonName, products) });
  if (!equalBytes(ark.issuer.bytes, ark.subject.bytes)) {
    throw new SevError('CERT_NAME', { at, because: CHAIN_WORDS.notSelfIssued() });
  }
  requireAuthority(ark, at, 1);
  requireValidAt(ark, asOf, at);
  return { root, product };
}

/**
 * The signing key is the one for this kind and product, and may sign at the date.
 * @throws SevError SNP_CERT_KIND, CERT_CA, CERT_EXTENSION, CERT_EXPIRED, CERT_NOT_YET
 */
export function requireSigner(signer: X509Certificate, kind: SigningKey, product: SnpProduct, asOf: Date): void {
  const at = signerName(kind).toLowerCase();
  const expected = kind === 'VLEK' ? `SEV-VLEK-${product}` : `SEV-${product}`;
  const { commonName } = signer.subject;
  if (commonName !== expected) {
    throw new SevError('SNP_CERT_KIND', { at, because: CHAIN_WORDS.signerKind(kind, expected, commonName) });
  }
  requireAuthority(signer, at, 0);
  requireValidAt(signer, asOf, at);
}

export const signerName = (kind: SigningKey): 'ASK' | 'ASVK' => (kind === 'VLEK' ? 'ASVK' : 'ASK');

/** @throws SevError CERT_SIGNATURE; over the bytes as received */
export async function requireSignature(
  signer: X509Certificate,
  subject: Pick<X509Certificate, 'signedBody' | 'signature'>,
  names: { readonly signer: string; readonly subject: string },
): Promise<void> {
  const at = `${names.subject.toLowerCase()}.signature`;
  const key = rsaKeyOf(signer, names.signer.toLowerCase());
  if (await verifyRsaPss(key, 'SHA-384', subject.signature, subject.signedBody)) return;
  throw new SevError('CERT_SIGNATURE', { at, because: CHAIN_WORDS.signature(names.signer, names.subject) });
}

/** @throws SevError CERT_KEY */
export function rsaKeyOf({ key }: X509Certificate, at: string): RsaKey {
  if (key.kind === 'rsa') return key.rsa;
  throw new SevError('CERT_KEY', { at, because: CHAIN_WORDS.notRsa() });
}

/** @throws SevError CERT_EXPIRED, CERT_NOT_YET; both ends belong to the validity, RFC 5280 4.1.2.5 */
export function requireValidAt({ notBefore, notAfter }: X509Certificate, asOf: Date, at: string): void {
  if (asOf < notBefore) throw new SevError('CERT_NOT_YET', { at, because: CHAIN_WORDS.notYet(notBefore, asOf) });
  if (asOf > notAfter) throw new SevError('CERT_EXPIRED', { at, because: CHAIN_WORDS.expired(notAfter, asOf) });
}

/** @param below how many authorities stand below it */
function requireAuthority({ extensions }: X509Certificate, at: string, below: number): void {
  const critical = unknownCritical(extensions, KNOWN_EXTENSIONS);
  if (critical) throw new SevError('CERT_EXTENSION', { at, because: CHAIN_WORDS.critical(critical.oid) });
  const { isCa, pathLength, signsCertificates } = caConstraints(extensions);
  const reaches = pathLength === undefined || pathLength >= below;
  if (!isCa || !signsCertificates || !reaches) throw new SevError('CERT_CA', { at, because: CHAIN_WORDS.notCa() });
}
