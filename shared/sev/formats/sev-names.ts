// The numbers of SEV API appendix C.1 and C.2 by their names: key usages and algorithms, and which of them fit together.

/** The four kinds of SEV certificate. A guest owner's GODH is a PDH by its usage. */
export type SevCertUsage = 'OCA' | 'PEK' | 'PDH' | 'CEK';
/** Keys that sign SEV certificates; the ARK signs CA certificates only, and a PDH signs nothing. */
export type SignerUsage = 'ASK' | 'OCA' | 'PEK' | 'CEK';
export type KeyUsage = 'ARK' | SevCertUsage | SignerUsage;

export type KeyAlgorithm = 'ECDSA_SHA256' | 'ECDH_SHA256';
export type SignatureAlgorithm = 'RSA_SHA256' | 'RSA_SHA384' | 'ECDSA_SHA256';

/** SEV API, appendix C.1. */
export const USAGE: Readonly<Record<KeyUsage, number>> = {
  ARK: 0x0000,
  ASK: 0x0013,
  OCA: 0x1001,
  PEK: 0x1002,
  PDH: 0x1003,
  CEK: 0x1004,
};
/** Marks a signature slot that is not in use. */
export const USAGE_UNUSED = 0x1000;

/** SEV API, appendix C.2. The other numbers of the table occur in no certificate that AMD made. */
export const ALGORITHM: Readonly<Record<KeyAlgorithm | SignatureAlgorithm, number>> = {
  RSA_SHA256: 0x001,
  ECDSA_SHA256: 0x002,
  ECDH_SHA256: 0x003,
  RSA_SHA384: 0x101,
};

/** What a key of each usage is for: a PDH agrees on secrets, the others sign. */
export const KEY_ALGORITHM: Readonly<Record<SevCertUsage, KeyAlgorithm>> = {
  OCA: 'ECDSA_SHA256',
  PEK: 'ECDSA_SHA256',
  CEK: 'ECDSA_SHA256',
  PDH: 'ECDH_SHA256',
};

/** Who may sign a certificate of each usage. */
export const SIGNERS: Readonly<Record<SevCertUsage, readonly SignerUsage[]>> = {
  OCA: ['OCA'],
  PEK: ['OCA', 'CEK'],
  PDH: ['PEK'],
  CEK: ['ASK'],
};

/** How each signer signs. An ASK of 2,048 bits uses SHA-256, one of 4,096 bits SHA-384. */
export const SIGNING_ALGORITHMS: Readonly<Record<SignerUsage, readonly SignatureAlgorithm[]>> = {
  ASK: ['RSA_SHA256', 'RSA_SHA384'],
  OCA: ['ECDSA_SHA256'],
  PEK: ['ECDSA_SHA256'],
  CEK: ['ECDSA_SHA256'],
};

const nameOf = <Name extends string>(table: Readonly<Record<Name, number>>, value: number): Name | undefined =>
  (Object.keys(table) as Name[]).find((name) => table[name] === value);

export const usageName = (value: number): KeyUsage | undefined => nameOf(USAGE, value);
export const algorithmName = (value: number): KeyAlgorithm | SignatureAlgorithm | undefined => nameOf(ALGORITHM, value);

/** A number from a certificate as people read it in an error: `0x1002 (PEK)`. */
export const showUsage = (value: number): string => `0x${value.toString(16)} (${usageName(value) ?? 'unknown'})`;
export const showAlgorithm = (value: number): string =>
  `0x${value.toString(16)} (${algorithmName(value) ?? 'not used by SEV certificates'})`;

/** A usage with its article, as sentences have it: `an OCA`, `a PEK`. */
export const aName = (usage: string): string => (/^[AO]/.test(usage) ? `an ${usage}` : `a ${usage}`);
