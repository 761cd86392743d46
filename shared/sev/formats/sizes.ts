// How many bytes certificates and chains have, apart from what reads them: a schema needs the size and no curve.

/** A SEV certificate: PDH, PEK, OCA, CEK and GODH. SEV API, appendix C.1. */
export const SEV_CERT_SIZE = 0x824;
/** Both signatures cover the first 1,044 bytes, and no byte of a slot. */
export const SEV_CERT_SIGNED_SIZE = 0x414;

/** PEK, OCA and CEK: the second buffer of PDH_CERT_EXPORT. */
export const CERT_EXPORT_SIZE = 3 * SEV_CERT_SIZE;
/** PDH before them: what `sevctl export` writes without --full. */
export const SEV_CHAIN_SIZE = SEV_CERT_SIZE + CERT_EXPORT_SIZE;

/** An ARK or ASK with a key of 2,048 bits, of 4,096 bits, and Naples' ARK without its signature. Appendix B.1. */
export const CA_CERT_SIZES = { short: 832, long: 1600, unsigned: 576 } as const;

const { short, long, unsigned } = CA_CERT_SIZES;
/** ASK and ARK of one generation: Naples', Naples' as AMD serves them, and those of later ones. */
export const CA_PAIR_SIZES = [
  [short, short],
  [short, unsigned],
  [long, long],
] as const;

/** Bytes that chains have: without ASK and ARK, and with them. */
export const CHAIN_SIZES: readonly number[] = [
  SEV_CHAIN_SIZE,
  ...CA_PAIR_SIZES.map(([ask, ark]) => SEV_CHAIN_SIZE + ask + ark),
];
export const MAX_CHAIN_SIZE = Math.max(...CHAIN_SIZES);
