// The one signature algorithm of AMD's X.509: RSASSA-PSS with SHA-384, MGF1 over SHA-384, a salt of 48 bytes. RFC 4055 3.1.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { fromHex } from '../../bytes/text.ts';
import type { DerNode } from '../../encodings/der-reader.ts';
import { X509_FAULTS } from './x509-words.ts';

const SHA384 = '300d06096086480165030402020500';
const PSS = '06092a864886f70d01010a';
const HASH = `a00f${SHA384}`;
const MGF1 = `a11c301a06092a864886f70d010108${SHA384}`;
const SALT_48 = 'a203020130';
/** trailerField 1 is the default, which DER leaves out; AMD's certificates up to 2024 have it all the same. */
const TRAILER = 'a303020101';

/** The two encodings that AMD's certificates have, whole. The second is the strict one. */
export const PSS_ENCODINGS: readonly [withTrailer: Uint8Array, strict: Uint8Array] = [
  fromHex(`3046${PSS}3039${HASH}${MGF1}${SALT_48}${TRAILER}`),
  fromHex(`3041${PSS}3034${HASH}${MGF1}${SALT_48}`),
];

/**
 * Both places name exactly this algorithm, in the same encoding.
 * @throws SevError CERT_ALGORITHM
 */
export function requirePss(inner: DerNode, outer: DerNode): void {
  const because = !PSS_ENCODINGS.some((known) => equalBytes(known, inner.bytes))
    ? X509_FAULTS.notPss()
    : !equalBytes(inner.bytes, outer.bytes) && X509_FAULTS.algorithmsDiffer();
  if (because) throw new SevError('CERT_ALGORITHM', { at: inner.at, because });
}
