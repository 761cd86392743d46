// The keys that sign simulated reports: a VCEK for each chip and TCB, and a cloud provider's VLEK.
import { p384 } from '@noble/curves/nist.js';
import { sha384, sha512 } from '@noble/hashes/sha2.js';
import { toUtf8 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import type { EcdsaSignature } from '../../crypto/signatures.ts';
import type { SnpProduct } from '../../snp/formats/product.ts';
import { encodeTcb, layoutOf, type Tcb } from '../../snp/formats/tcb.ts';
import { type PlatformKey, platformKeyOf } from '../platform-key.ts';
import type { SnpAuthority } from './authority.ts';
import { ecPublicKey, type Extension, issue } from './certify.ts';
import { der, integer, TAG } from './der-writer.ts';

const AMD = '1.3.6.1.4.1.3704.1';
const DAY_MS = 86_400_000;

/** Each of AMD's names for its products as VCEKs carry them. */
const PRODUCT_NAMES: Readonly<Record<SnpProduct, string>> = { Milan: 'Milan-B0', Genoa: 'Genoa', Turin: 'Turin' };

/** Derived from chip and TCB: the same two give the same key, as on real chips, and any other TCB gives another. */
export function vcekOf(chipSeed: Uint8Array, product: SnpProduct, tcb: Tcb): PlatformKey {
  return derived(concat(toUtf8('SIMULATED VCEK'), chipSeed, encodeTcb(tcb, layoutOf(product))));
}

/** One key for all machines of a provider with this TCB. */
export const vlekOf = (provider: string, product: SnpProduct, tcb: Tcb): PlatformKey =>
  derived(concat(toUtf8(`SIMULATED VLEK ${provider} `), encodeTcb(tcb, layoutOf(product))));

function derived(seed: Uint8Array): PlatformKey {
  const wide = concat(sha512(concat(seed, Uint8Array.of(1))), sha512(concat(seed, Uint8Array.of(2))));
  return platformKeyOf(p384.utils.randomSecretKey(wide.slice(0, 72)));
}

/** ECDSA with SHA-384, as every SNP report is signed. */
export function signReport({ secret }: PlatformKey, body: Uint8Array): EcdsaSignature {
  const signature = p384.sign(sha384(body), secret, { prehash: false, lowS: false, format: 'compact' });
  return { r: signature.slice(0, 48), s: signature.slice(48) };
}

/** What a certificate of either kind says of its key. */
interface KeyFacts {
  readonly key: PlatformKey;
  readonly tcb: Tcb;
  /** When it is asked for: a VCEK holds for 7 years from then, a VLEK for one. */
  readonly now: Date;
}

/** @param hwId 64 bytes; Turin's has 8 @returns DER */
export const certifyVcek = (
  { signingKey, product }: SnpAuthority,
  { key, tcb, now }: KeyFacts,
  hwId: Uint8Array,
): Promise<Uint8Array> =>
  issue(signingKey, {
    subject: 'SEV-VCEK',
    issuer: `SEV-${product}`,
    serial: 0,
    ...validFor(now, 7 * 365),
    publicKey: ecPublicKey(key.point),
    extensions: [...levels(product, PRODUCT_NAMES[product], tcb), { oid: `${AMD}.4`, value: hwId }],
  });

/** @returns DER */
export const certifyVlek = (
  { signingKey, product }: SnpAuthority,
  { key, tcb, now }: KeyFacts,
  provider: string,
): Promise<Uint8Array> =>
  issue(signingKey, {
    subject: 'SEV-VLEK',
    issuer: `SEV-VLEK-${product}`,
    serial: 0,
    ...validFor(now, 365),
    publicKey: ecPublicKey(key.point),
    extensions: [...levels(product, product, tcb), { oid: `${AMD}.5`, value: der(TAG.ia5, toUtf8(provider)) }],
  });

/** From the day before, since clocks differ. */
const validFor = (now: Date, days: number) => ({
  notBefore: new Date(now.getTime() - DAY_MS),
  notAfter: new Date(now.getTime() + days * DAY_MS),
});

/** In AMD's order. Certificates of Turin have structVersion 1, an FMC level, and no fourth spare. */
function levels(product: SnpProduct, productName: string, tcb: Tcb): readonly Extension[] {
  const isTurin = product === 'Turin';
  const level = (number: number, value: number): Extension => ({ oid: `${AMD}.3.${number}`, value: integer(value) });
  return [
    { oid: `${AMD}.1`, value: integer(isTurin ? 1 : 0) },
    { oid: `${AMD}.2`, value: der(TAG.ia5, toUtf8(productName)) },
    ...(isTurin ? [level(9, tcb.fmc ?? 0)] : []),
    level(1, tcb.bootLoader),
    level(2, tcb.tee),
    ...(isTurin ? [] : [level(4, 0)]),
    level(5, 0),
    level(6, 0),
    level(7, 0),
    level(3, tcb.snp),
    level(8, tcb.microcode),
  ];
}
