// Why a chain, a list or a certificate is refused, in words: the facts of the case behind the code's own sentence.
import type { SnpProduct } from '../formats/product.ts';
import type { SigningKey } from '../formats/report.ts';
import { showTcb, type Tcb } from '../formats/tcb.ts';

const day = (date: Date): string => date.toISOString().slice(0, 10);

export const CHAIN_WORDS = {
  noSigner: (kind: SigningKey, issuer: string) =>
    `None of the given certificates is ${JSON.stringify(issuer)}, which signed the ${kind}.`,
  noRoot: (issuer: string) => `None of the given certificates is the root ${JSON.stringify(issuer)}.`,
  missingNext: () =>
    "Add AMD's certificates for this processor: this program brings them along, and AMD serves them as cert_chain.",
  notPinned: (name: string) => `Its key is not pinned here, although it is named ${JSON.stringify(name)}.`,
  rootName: (name: string, products: readonly SnpProduct[]) =>
    `The root is named ${JSON.stringify(name)}; its key belongs to ${products.map((product) => `ARK-${product}`).join(' or ') || 'SEV only'}.`,
  notSelfIssued: () => 'The root does not name itself as its issuer.',
  notCa: () => 'Its extensions do not allow it to sign certificates, or not at this place of the chain.',
  notRsa: () => 'Its key is not an RSA key.',
  critical: (oid: string) => `Extension ${oid} is critical, and not known here.`,
  expired: (notAfter: Date, asOf: Date) => `It was valid until ${day(notAfter)}; you judge as of ${day(asOf)}.`,
  notYet: (notBefore: Date, asOf: Date) => `It is valid from ${day(notBefore)}; you judge as of ${day(asOf)}.`,
  signature: (signer: string, subject: string) => `The ${subject} is not signed by this ${signer}.`,
  signerKind: (kind: SigningKey, expected: string, actual: string) =>
    `A ${kind} is signed by ${expected}, not by ${JSON.stringify(actual)}.`,
  product: (name: string, product: SnpProduct) => `It is for ${JSON.stringify(name)}; its root is ${product}'s.`,
  structVersion: (version: number, product: SnpProduct) => `Its structVersion ${version} does not go with ${product}.`,
  tooMany: (count: number) => `${count} authorities were given; a chain needs two.`,
  asOf: () => 'The date to judge by is not a date.',
} as const;

export const CRL_WORDS = {
  issuer: (issuer: string, root: string) =>
    `It was issued by ${JSON.stringify(issuer)}, not by ${JSON.stringify(root)}.`,
  signature: (root: string) => `It is not signed by ${root}.`,
  noNextUpdate: () => 'It does not say when the next list is due, so it would never age.',
  critical: (oid: string) => `Extension ${oid} is critical, and not known here: the list may not be complete.`,
  notCrlSigner: () => 'The root may not sign such lists.',
  stale: (nextUpdate: Date, asOf: Date) => `The next list was due on ${day(nextUpdate)}; you judge as of ${day(asOf)}.`,
  notYet: (thisUpdate: Date, asOf: Date) => `It is of ${day(thisUpdate)}; you judge as of ${day(asOf)}.`,
  revoked: (name: string, serial: string) => `The list names ${name}, serial number 0x${serial}.`,
} as const;

export const FIT_WORDS = {
  kind: (signing: SigningKey, given: SigningKey) =>
    `The report is signed with a ${signing}; this certificate is a ${given}.`,
  product: (report: SnpProduct, certificate: string) =>
    `The report is from ${report}; the certificate is for ${certificate}.`,
  version2Turin: () =>
    'A version 2 report does not say how its TCB is laid out, so it cannot be judged with a certificate of Turin.',
  tcb: (report: Tcb, certificate: Tcb) =>
    `The report says ${showTcb(report)}; the certificate is for ${showTcb(certificate)}.`,
  spareSpl: () => 'The certificate sets a level (spl4 to spl7) that no report has.',
  chip: () => "The report's CHIP_ID is not the certificate's hwID.",
} as const;
