// X.509 as the simulated AMD issues it for SEV-SNP, under the published test root. The organization in every name says SIMULATED.
import { fromHex, toUtf8 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import type { EcPoint } from '../../crypto/points.ts';
import { type RsaKey, signRsaPss } from '../../crypto/signatures.ts';
import type { CryptoKey } from '../../crypto/subtle.ts';
import { bitString, context, der, integer, oid, sequence, TAG, time } from './der-writer.ts';

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface Extension {
  readonly oid: string;
  readonly critical?: boolean;
  /** What stands within the OCTET STRING. */
  readonly value: Uint8Array;
}

interface Certificate extends Validity {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: number;
  /** SubjectPublicKeyInfo, whole. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Extension[];
}

const SHA384 = sequence(oid('2.16.840.1.101.3.4.2.2'), der(TAG.nothing));
/** RSASSA-PSS with SHA-384, MGF1 over SHA-384 and a salt of 48 bytes; without trailerField, as AMD writes it today. */
const PSS = sequence(
  oid('1.2.840.113549.1.1.10'),
  sequence(
    der(context(0), SHA384),
    der(context(1), sequence(oid('1.2.840.113549.1.1.8'), SHA384)),
    der(context(2), integer(48)),
  ),
);

const attribute = (type: string, tag: number, text: string): Uint8Array =>
  der(TAG.set, sequence(oid(type), der(tag, toUtf8(text))));

/** The order and the tags of AMD's names. */
const name = (commonName: string): Uint8Array =>
  sequence(
    attribute('2.5.4.11', TAG.utf8, 'Engineering'),
    attribute('2.5.4.6', TAG.printable, 'US'),
    attribute('2.5.4.7', TAG.utf8, 'Nowhere'),
    attribute('2.5.4.8', TAG.utf8, 'CA'),
    attribute('2.5.4.10', TAG.utf8, 'SIMULATED - test keys only, not AMD'),
    attribute('2.5.4.3', TAG.utf8, commonName),
  );

const extension = ({ oid: id, critical = false, value }: Extension): Uint8Array =>
  sequence(oid(id), ...(critical ? [der(TAG.boolean, Uint8Array.of(0xff))] : []), der(TAG.octetString, value));

/** @param key the issuer's @returns the certificate in DER */
export async function issue(key: CryptoKey, certificate: Certificate): Promise<Uint8Array> {
  const { serial, issuer, notBefore, notAfter, subject, publicKey, extensions } = certificate;
  return sign(
    key,
    sequence(
      der(context(0), integer(2)),
      integer(serial),
      PSS,
      name(issuer),
      sequence(time(notBefore), time(notAfter)),
      name(subject),
      publicKey,
      der(context(3), sequence(...extensions.map(extension))),
    ),
  );
}

/** @returns a list of revoked certificates in DER */
export async function issueCrl(
  key: CryptoKey,
  list: {
    readonly issuer: string;
    readonly thisUpdate: Date;
    readonly nextUpdate: Date;
    readonly number: number;
    readonly revoked: readonly number[];
  },
): Promise<Uint8Array> {
  const entries = list.revoked.map((serial) => sequence(integer(serial), time(list.thisUpdate)));
  return sign(
    key,
    sequence(
      integer(1),
      PSS,
      name(list.issuer),
      time(list.thisUpdate),
      time(list.nextUpdate),
      ...(entries.length > 0 ? [sequence(...entries)] : []),
      der(context(0), sequence(extension({ oid: '2.5.29.20', value: integer(list.number) }))),
    ),
  );
}

const sign = async (key: CryptoKey, body: Uint8Array): Promise<Uint8Array> =>
  sequence(body, PSS, bitString(await signRsaPss(key, 'SHA-384', body)));

export const rsaPublicKey = ({ modulus, exponent }: RsaKey): Uint8Array =>
  sequence(
    sequence(oid('1.2.840.113549.1.1.1'), der(TAG.nothing)),
    bitString(sequence(integer(modulus), integer(exponent))),
  );

export const ecPublicKey = ({ x, y }: EcPoint): Uint8Array =>
  sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.3.132.0.34')), bitString(concat(Uint8Array.of(4), x, y)));

/** What an authority carries. @param below how many authorities may stand below it; undefined: any */
export const authorityExtensions = (below: number | undefined): readonly Extension[] => [
  {
    oid: '2.5.29.19',
    critical: true,
    value: sequence(der(TAG.boolean, Uint8Array.of(0xff)), ...(below === undefined ? [] : [integer(below)])),
  },
  // keyCertSign, and for the root cRLSign too.
  { oid: '2.5.29.15', critical: true, value: fromHex(below === undefined ? '03020106' : '03020204') },
];
