// Whether the key that signs reports leads to a pinned root: ARK → ASK → VCEK, or ARK → ASVK → VLEK. SNP certificate
// specification parts 1 to 6.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { type Crl, parseCrl } from '../formats/crl.ts';
import type { SnpProduct } from '../formats/product.ts';
import { readVek, type Vek } from '../formats/vek.ts';
import { parseCertificates, parseX509, type X509Certificate } from '../formats/x509.ts';
import { looksLikePem } from '../../encodings/pem.ts';
import type { PinnedRoot } from '../../trust/pinned-root.ts';
import { requireRoot, requireSignature, requireSigner, requireValidAt, signerName } from './authorities.ts';
import { requireNotRevoked, type Revocation } from './revocation.ts';
import { CHAIN_WORDS } from './words.ts';

/** Certificates as they came, each in DER or PEM. */
export interface SnpChain {
  /** One VCEK or VLEK. */
  readonly vek: Uint8Array;
  /** ARK and ASK or ASVK, in any order, one or several in each, with others among them. */
  readonly authorities: readonly Uint8Array[];
  /** Lists of revoked certificates; none: revocation is not checked. */
  readonly crls?: readonly Uint8Array[];
}

declare const brand: unique symbol;

/** A key that may vouch for reports. Only a chain whose every link verified yields one. */
export interface TrustedVek {
  readonly [brand]: true;
  readonly vek: Vek;
  /** ASK or ASVK. */
  readonly signer: X509Certificate;
  readonly ark: X509Certificate;
  readonly root: PinnedRoot;
  readonly product: SnpProduct;
  readonly simulated: boolean;
  /** The date by which it was judged. */
  readonly asOf: Date;
  readonly revocation: Revocation;
}

const MAX_AUTHORITIES = 32;
const MAX_CRLS = 8;

/**
 * Verifies a chain up to one of the pinned roots, as of a date.
 *
 * AMD has issued two SEV-Genoa under one name, so every given certificate of the right name is tried; what is thrown is the fault
 * of the candidate that came farthest.
 *
 * @throws SevError as the formats; CERT_CHAIN_INCOMPLETE, CERT_ROOT_UNKNOWN, CERT_NAME, CERT_CA, CERT_EXTENSION, CERT_EXPIRED,
 *   CERT_NOT_YET, CERT_SIGNATURE, SNP_CERT_KIND, SNP_CERT_PRODUCT, CERT_REVOKED, CERT_CRL, CERT_CRL_STALE, CERT_CRL_NOT_YET
 */
export async function verifyVek(chain: SnpChain, roots: readonly PinnedRoot[], asOf: Date): Promise<TrustedVek> {
  if (Number.isNaN(asOf.getTime())) throw new SevError('BYTES_VALUE', { at: 'asOf', because: CHAIN_WORDS.asOf() });
  const vek = readVek(parseOne(chain.vek, 'vek'));
  const { authorities, unreadable } = readAuthorities(chain.authorities);
  const crls = readCrls(chain.crls ?? []);
  const paths = pathsFrom(vek, authorities);
  if (paths.length === 0) throw unreadable ?? incomplete(vek, authorities);
  let farthest: (Attempt & { readonly fault: SevError }) | undefined;
  for (const path of paths) {
    const attempt = await tryPath(vek, path, crls, roots, asOf);
    if (attempt.trusted) return trustVek(attempt.trusted);
    if (!farthest || attempt.step > farthest.step) farthest = attempt;
  }
  throw farthest!.fault;
}

const trustedVeks = new WeakSet<TrustedVek>();

/** Whether a value came from this file; a look-alike that was built by hand or copied did not. */
export const isTrustedVek = (value: TrustedVek): boolean => trustedVeks.has(value);

type Facts = Omit<TrustedVek, typeof brand>;

function trustVek(facts: Facts): TrustedVek {
  const made = Object.freeze({ ...facts }) as TrustedVek;
  trustedVeks.add(made);
  return made;
}

interface Path {
  readonly signer: X509Certificate;
  readonly ark: X509Certificate;
}

type Attempt = { readonly step: number } & (
  { readonly trusted: Facts; readonly fault?: undefined } | { readonly trusted?: undefined; readonly fault: SevError }
);

/** The steps in telling order, from the root down. */
async function tryPath(
  vek: Vek,
  { signer, ark }: Path,
  crls: readonly Crl[],
  roots: readonly PinnedRoot[],
  asOf: Date,
): Promise<Attempt> {
  let step = 0;
  try {
    const { root, product } = requireRoot(ark, roots, asOf);
    step = 1;
    await requireSignature(ark, ark, { signer: 'ARK', subject: 'ARK' });
    step = 2;
    const name = signerName(vek.kind);
    requireSigner(signer, vek.kind, product, asOf);
    step = 3;
    await requireSignature(ark, signer, { signer: 'ARK', subject: name });
    step = 4;
    requireProduct(vek, product);
    requireValidAt(vek.certificate, asOf, vek.kind.toLowerCase());
    step = 5;
    await requireSignature(signer, vek.certificate, { signer: name, subject: vek.kind });
    step = 6;
    const revocation = await requireNotRevoked(crls, ark, { name, certificate: signer }, asOf);
    const { simulated } = root;
    return { step, trusted: { vek, signer, ark, root, product, simulated, asOf: new Date(asOf), revocation } };
  } catch (error) {
    if (error instanceof SevError) return { step, fault: error };
    throw error;
  }
}

/** @throws SevError SNP_CERT_PRODUCT */
function requireProduct({ product, productName, structVersion, kind }: Vek, expected: SnpProduct): void {
  const at = `${kind.toLowerCase()}.productName`;
  if (product !== expected) {
    throw new SevError('SNP_CERT_PRODUCT', { at, because: CHAIN_WORDS.product(productName, expected) });
  }
  if ((structVersion === 1) !== (expected === 'Turin')) {
    throw new SevError('SNP_CERT_PRODUCT', { at, because: CHAIN_WORDS.structVersion(structVersion, expected) });
  }
}

/** Names are compared as raw DER. */
const issued = (issuer: X509Certificate, subject: X509Certificate): boolean =>
  equalBytes(issuer.subject.bytes, subject.issuer.bytes);

function pathsFrom({ certificate }: Vek, authorities: readonly X509Certificate[]): readonly Path[] {
  const signers = authorities.filter((signer) => issued(signer, certificate));
  return signers.flatMap((signer) => authorities.filter((ark) => issued(ark, signer)).map((ark) => ({ signer, ark })));
}

function incomplete({ certificate, kind }: Vek, authorities: readonly X509Certificate[]): SevError {
  const signer = authorities.find((candidate) => issued(candidate, certificate));
  const because = signer
    ? CHAIN_WORDS.noRoot(signer.issuer.commonName)
    : CHAIN_WORDS.noSigner(kind, certificate.issuer.commonName);
  const at = signer ? 'ark' : signerName(kind).toLowerCase();
  return new SevError('CERT_CHAIN_INCOMPLETE', { at, because, next: CHAIN_WORDS.missingNext() });
}

/** Those that can be read; what is wrong with the first of the others is told when the chain cannot do without it. */
function readAuthorities(given: readonly Uint8Array[]): {
  readonly authorities: readonly X509Certificate[];
  readonly unreadable: SevError | undefined;
} {
  const authorities: X509Certificate[] = [];
  let unreadable: SevError | undefined;
  if (given.length > MAX_AUTHORITIES) throw tooMany(given.length);
  for (const [i, bytes] of given.entries()) {
    try {
      authorities.push(...parseCertificates(bytes, `authorities[${i}]`));
    } catch (error) {
      if (!(error instanceof SevError)) throw error;
      unreadable ??= error;
    }
  }
  if (authorities.length > MAX_AUTHORITIES) throw tooMany(authorities.length);
  return { authorities, unreadable };
}

function readCrls(given: readonly Uint8Array[]): readonly Crl[] {
  if (given.length > MAX_CRLS) throw new SevError('BYTES_TOO_LARGE', { at: 'crls' });
  return given.map((bytes, i) => parseCrl(bytes, given.length > 1 ? `crls[${i}]` : 'crl'));
}

/** @throws SevError BYTES_ENCODING for a PEM with more than one */
function parseOne(bytes: Uint8Array, at: string): X509Certificate {
  if (!looksLikePem(bytes)) return parseX509(bytes, at);
  const [certificate, ...more] = parseCertificates(bytes, at);
  if (!certificate || more.length > 0) throw new SevError('BYTES_ENCODING', { at });
  return certificate;
}

const tooMany = (count: number): SevError =>
  new SevError('BYTES_TOO_LARGE', { at: 'authorities', because: CHAIN_WORDS.tooMany(count) });
