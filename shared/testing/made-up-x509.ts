// Certificates and a CRL of the right form, whose signatures are numbers and prove nothing: seeds for fuzzers and small tests.
import { p384 } from '@noble/curves/nist.js';
import { ascii, fromHex, toBase64, toUtf8 } from '../bytes/text.ts';
import { derContext, writeDer } from '../encodings/der.ts';
import type { SnpProduct } from '../snp/formats/product.ts';
import type { SigningKey } from '../snp/formats/report.ts';
import { PSS_ENCODINGS } from '../snp/formats/x509-algorithm.ts';

const [INTEGER, BITS, OCTETS, OID, UTF8, IA5, TIME, SEQUENCE, SET] = [2, 3, 4, 6, 12, 0x16, 0x17, 0x30, 0x31];
/** 1.3.6.1.4.1.3704.1, without its tag. */
const AMD = '2b060104019c7801';
const SCALAR = Uint8Array.from({ length: 48 }, (_, i) => i + 1);

/** What may be changed in a made-up certificate. */
export interface MadeUp {
  readonly serial?: Uint8Array;
  /** Extensions by the hex of their OID's content: what the OCTET STRING holds; undefined leaves one out. */
  readonly extensions?: Readonly<Record<string, Uint8Array | undefined>>;
  readonly more?: readonly Uint8Array[];
  readonly algorithm?: Uint8Array;
}

export const integer = (value: number): Uint8Array =>
  writeDer(INTEGER, value > 127 ? Uint8Array.of(0, value) : Uint8Array.of(value));

export const extension = (oid: string, value: Uint8Array, critical = false): Uint8Array =>
  writeDer(
    SEQUENCE,
    writeDer(OID, fromHex(oid)),
    critical ? Uint8Array.of(1, 1, 255) : new Uint8Array(),
    writeDer(OCTETS, value),
  );

const name = (commonName: string): Uint8Array =>
  writeDer(
    SEQUENCE,
    writeDer(SET, writeDer(SEQUENCE, writeDer(OID, fromHex('550403')), writeDer(UTF8, toUtf8(commonName)))),
  );

const signed = (body: Uint8Array, algorithm: Uint8Array): Uint8Array =>
  writeDer(SEQUENCE, body, algorithm, writeDer(BITS, new Uint8Array(1), new Uint8Array(512).fill(1)));

/** AMD's extensions as a chip or provider of this product has them. */
export function vekExtensions(product: SnpProduct, kind: SigningKey): Record<string, Uint8Array> {
  const isTurin = product === 'Turin';
  const id =
    kind === 'VCEK'
      ? [`${AMD}04`, new Uint8Array(isTurin ? 8 : 64).fill(7)]
      : [`${AMD}05`, writeDer(IA5, ascii('CN=csp'))];
  const spl = (suffix: number, value: number): [string, Uint8Array] => [
    `${AMD}03${suffix.toString(16).padStart(2, '0')}`,
    integer(value),
  ];
  return Object.fromEntries([
    [`${AMD}01`, integer(isTurin ? 1 : 0)],
    [`${AMD}02`, writeDer(IA5, ascii(product))],
    ...[
      spl(1, 4),
      spl(2, 0),
      spl(3, 24),
      spl(5, 0),
      spl(6, 0),
      spl(7, 0),
      spl(8, 219),
      isTurin ? spl(9, 1) : spl(4, 0),
    ],
    id,
  ]) as Record<string, Uint8Array>;
}

/** A VCEK or VLEK that is read, and that nothing vouches for. */
export function madeUpVek(product: SnpProduct, kind: SigningKey, changed: MadeUp = {}): Uint8Array {
  const algorithm = changed.algorithm ?? PSS_ENCODINGS[1];
  const extensions = Object.entries({ ...vekExtensions(product, kind), ...changed.extensions }).flatMap(
    ([oid, value]) => (value ? [extension(oid, value)] : []),
  );
  const point = p384.getPublicKey(SCALAR, false);
  const body = writeDer(
    SEQUENCE,
    writeDer(derContext(0), integer(2)),
    writeDer(INTEGER, changed.serial ?? new Uint8Array(1)),
    algorithm,
    name(kind === 'VCEK' ? `SEV-${product}` : `SEV-VLEK-${product}`),
    writeDer(SEQUENCE, writeDer(TIME, ascii('230101000000Z')), writeDer(TIME, ascii('300101000000Z'))),
    name(`SEV-${kind}`),
    writeDer(SEQUENCE, fromHex('301006072a8648ce3d020106052b81040022'), writeDer(BITS, new Uint8Array(1), point)),
    writeDer(derContext(3), writeDer(SEQUENCE, ...extensions, ...(changed.more ?? []))),
  );
  return signed(body, algorithm);
}

/** A list of ARK-Milan's name with one entry, or more. */
export function madeUpCrl(entries = 1): Uint8Array {
  const entry = writeDer(SEQUENCE, writeDer(INTEGER, Uint8Array.of(1, 0, 1)), writeDer(TIME, ascii('250101000000Z')));
  const body = writeDer(
    SEQUENCE,
    ...[integer(1), PSS_ENCODINGS[1], name('ARK-Milan')],
    ...['260101000000Z', '270101000000Z'].map((time) => writeDer(TIME, ascii(time))),
    writeDer(SEQUENCE, ...Array.from({ length: entries }, () => entry)),
    writeDer(derContext(0), writeDer(SEQUENCE, extension('551d14', integer(1)))),
  );
  return signed(body, PSS_ENCODINGS[1]);
}

export function pemOf(label: string, bytes: Uint8Array): string {
  const lines = toBase64(bytes).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
