// Whether AMD has revoked a signing key or the root. A list cannot revoke a single chip: every VCEK has the serial number 0.
// SNP certificate specification part 6.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { toHex } from '../../bytes/text.ts';
import { verifyRsaPss } from '../../crypto/signatures.ts';
import { type Crl, isListed } from '../formats/crl.ts';
import type { X509Certificate } from '../formats/x509.ts';
import { caConstraints, OID, unknownCritical } from '../formats/x509-extensions.ts';
import { rsaKeyOf } from './authorities.ts';
import { CRL_WORDS } from './words.ts';

/** What was found out about revocation; `unchecked` where no list was given. */
export type Revocation =
  { readonly kind: 'unchecked' } | { readonly kind: 'checked'; readonly thisUpdate: Date; readonly nextUpdate: Date };

const KNOWN_EXTENSIONS: readonly string[] = [OID.authorityKeyId, OID.crlNumber];

/**
 * Looks for root and signing key in the lists. Lists of other roots are passed over if one is of this; a list that is out of date
 * still revokes, but only a current one clears.
 *
 * @throws SevError CERT_REVOKED; CERT_CRL, CERT_CRL_STALE, CERT_CRL_NOT_YET when no list given can be relied on
 */
export async function requireNotRevoked(
  crls: readonly Crl[],
  ark: X509Certificate,
  signer: { readonly name: string; readonly certificate: X509Certificate },
  asOf: Date,
): Promise<Revocation> {
  if (crls.length === 0) return { kind: 'unchecked' };
  const ours = crls.filter(({ issuer }) => equalBytes(issuer.bytes, ark.subject.bytes));
  const [other] = crls;
  if (ours.length === 0) throw fault(CRL_WORDS.issuer(other!.issuer.commonName, ark.subject.commonName));
  for (const crl of ours) {
    await requireSigned(crl, ark);
    for (const [name, { serial }] of [
      [signer.name, signer.certificate],
      ['ARK', ark],
    ] as const) {
      if (!isListed(crl, serial)) continue;
      throw new SevError('CERT_REVOKED', { at: name.toLowerCase(), because: CRL_WORDS.revoked(name, toHex(serial)) });
    }
  }
  return clearedBy(ours, asOf);
}

/** The list that is current; the first fault where none is. */
function clearedBy(crls: readonly Crl[], asOf: Date): Revocation {
  const faults: SevError[] = [];
  for (const { thisUpdate, nextUpdate } of crls) {
    if (!nextUpdate) throw fault(CRL_WORDS.noNextUpdate());
    if (asOf < thisUpdate) {
      faults.push(new SevError('CERT_CRL_NOT_YET', { at: 'crl', because: CRL_WORDS.notYet(thisUpdate, asOf) }));
    } else if (asOf > nextUpdate) {
      faults.push(new SevError('CERT_CRL_STALE', { at: 'crl', because: CRL_WORDS.stale(nextUpdate, asOf) }));
    } else {
      return { kind: 'checked', thisUpdate, nextUpdate };
    }
  }
  throw faults[0]!;
}

/** By the root itself, and with nothing in it that would make it mean less than it seems to. */
async function requireSigned(crl: Crl, ark: X509Certificate): Promise<void> {
  if (!caConstraints(ark.extensions).signsCrls) throw fault(CRL_WORDS.notCrlSigner());
  if (!(await verifyRsaPss(rsaKeyOf(ark, 'ark'), 'SHA-384', crl.signature, crl.signedBody))) {
    throw fault(CRL_WORDS.signature(ark.subject.commonName));
  }
  const critical = [
    unknownCritical(crl.extensions, KNOWN_EXTENSIONS),
    ...crl.revoked.map(({ extensions }) => unknownCritical(extensions, [])),
  ].find((extension) => extension !== undefined);
  if (critical) throw fault(CRL_WORDS.critical(critical.oid));
}

const fault = (because: string): SevError => new SevError('CERT_CRL', { at: 'crl', because });
