// VCEK and VLEK: the keys that sign reports, in X.509 with AMD's own extensions. SNP certificate specification part 3.
import { SevError } from '../../errors.ts';
import type { EcPoint } from '../../crypto/points.ts';
import { DerReader, smallNumberOf, TAG, textOf } from '../../encodings/der-reader.ts';
import { productNamed, type SnpProduct } from './product.ts';
import type { SigningKey } from './report.ts';
import type { Tcb } from './tcb.ts';
import type { X509Certificate } from './x509.ts';
import { extensionOf, OID, unknownCritical, type X509Extension } from './x509-extensions.ts';
import { X509_FAULTS } from './x509-words.ts';

const AMD = '1.3.6.1.4.1.3704.1';
/** AMD's extensions by their numbers below 1.3.6.1.4.1.3704.1. */
export const VEK_OID = {
  structVersion: `${AMD}.1`,
  productName: `${AMD}.2`,
  blSPL: `${AMD}.3.1`,
  teeSPL: `${AMD}.3.2`,
  snpSPL: `${AMD}.3.3`,
  spl4: `${AMD}.3.4`,
  spl5: `${AMD}.3.5`,
  spl6: `${AMD}.3.6`,
  spl7: `${AMD}.3.7`,
  ucodeSPL: `${AMD}.3.8`,
  fmcSPL: `${AMD}.3.9`,
  hwID: `${AMD}.4`,
  cspID: `${AMD}.5`,
} as const;
type VekField = keyof typeof VEK_OID;

const KINDS: Readonly<Record<string, SigningKey>> = { 'SEV-VCEK': 'VCEK', 'SEV-VLEK': 'VLEK' };
const HW_ID_SIZE = { 0: 64, 1: 8 } as const;

/** What may be marked critical: everything that is read here or in x509-extensions.ts. */
const KNOWN: readonly string[] = [...Object.values(VEK_OID), ...Object.values(OID)];

export interface Vek {
  readonly certificate: X509Certificate;
  readonly kind: SigningKey;
  /** 0 for Milan and Genoa, 1 for Turin. */
  readonly structVersion: 0 | 1;
  /** As AMD wrote it: `Milan-B0`. What follows the hyphen is a stepping that is not kept right. */
  readonly productName: string;
  /** By the part before the hyphen; undefined for a name that is not known here. */
  readonly product: SnpProduct | undefined;
  readonly tcb: Tcb;
  /** spl4 to spl7, as far as this version has them. A report has no bytes for them, so only zeros fit. */
  readonly spareSpls: readonly number[];
  /** The chip, 64 bytes (Turin: 8); a VCEK's. */
  readonly hwId: Uint8Array | undefined;
  /** The provider, such as `CN=cc-us-east-2.amazonaws.com`; a VLEK's. */
  readonly cspId: string | undefined;
  readonly publicKey: EcPoint;
}

/**
 * Reads AMD's extensions. All that its version has must be there, and nothing of the other's.
 * @throws SevError CERT_NAME when it is neither, CERT_KEY, CERT_EXTENSION, CERT_DER
 */
export function readVek(certificate: X509Certificate, at = 'vek'): Vek {
  const { commonName } = certificate.subject;
  const kind = Object.hasOwn(KINDS, commonName) ? KINDS[commonName] : undefined;
  if (!kind) throw new SevError('CERT_NAME', { at: `${at}.subject`, because: X509_FAULTS.vekName(commonName) });
  if (certificate.key.kind !== 'p384') throw new SevError('CERT_KEY', { at, because: X509_FAULTS.vekKey() });
  const critical = unknownCritical(certificate.extensions, KNOWN);
  if (critical) throw fault(critical.at, X509_FAULTS.critical(critical.oid));
  const fields = new VekFields(certificate.extensions, at);
  const structVersion = readStructVersion(fields);
  const isTurin = structVersion === 1;
  fields.refuse(isTurin ? 'spl4' : 'fmcSPL');
  fields.refuse(kind === 'VCEK' ? 'cspID' : 'hwID');
  const productName = fields.text('productName');
  const spare = isTurin ? (['spl5', 'spl6', 'spl7'] as const) : (['spl4', 'spl5', 'spl6', 'spl7'] as const);
  return {
    certificate,
    kind,
    structVersion,
    productName,
    product: productNamed(productName.split('-', 1)[0]!),
    tcb: {
      ...(isTurin && { fmc: fields.number('fmcSPL') }),
      bootLoader: fields.number('blSPL'),
      tee: fields.number('teeSPL'),
      snp: fields.number('snpSPL'),
      microcode: fields.number('ucodeSPL'),
    },
    spareSpls: spare.map((field) => fields.number(field)),
    hwId: kind === 'VCEK' ? readHwId(fields, HW_ID_SIZE[structVersion]) : undefined,
    cspId: kind === 'VLEK' ? fields.text('cspID') : undefined,
    publicKey: certificate.key.point,
  };
}

function readStructVersion(fields: VekFields): 0 | 1 {
  const version = fields.number('structVersion');
  if (version === 0 || version === 1) return version;
  throw fault(fields.take('structVersion').at, X509_FAULTS.structVersion(version));
}

/** Raw bytes, without DER inside: a chip's id may begin with 04 40 by chance. */
function readHwId(fields: VekFields, size: number): Uint8Array {
  const { value, at } = fields.take('hwID');
  if (value.length !== size) throw fault(at, X509_FAULTS.hwIdLength(value.length, size));
  return value;
}

/** AMD's extensions by name. */
class VekFields {
  readonly #extensions: readonly X509Extension[];
  readonly #at: string;

  constructor(extensions: readonly X509Extension[], at: string) {
    this.#extensions = extensions;
    this.#at = at;
  }

  /** @throws SevError CERT_EXTENSION when it is missing */
  take(field: VekField): X509Extension {
    const extension = extensionOf(this.#extensions, VEK_OID[field]);
    if (!extension) throw fault(this.#path(field), X509_FAULTS.missing(field));
    return { ...extension, at: this.#path(field) };
  }

  refuse(field: VekField): void {
    if (!extensionOf(this.#extensions, VEK_OID[field])) return;
    throw fault(this.#path(field), X509_FAULTS.unexpected(field));
  }

  /** An INTEGER from 0 to 255. Taking the last byte alone would read 0x01DB as 0xDB. */
  number(field: VekField): number {
    return this.#inside(field, (reader) => smallNumberOf(reader.take(TAG.integer, ''), 255));
  }

  text(field: VekField): string {
    return this.#inside(field, (reader) => textOf(reader.take(TAG.ia5String, '')));
  }

  #inside<T>(field: VekField, read: (reader: DerReader) => T): T {
    const { value, at } = this.take(field);
    const reader = new DerReader(value, at);
    const found = read(reader);
    reader.end();
    return found;
  }

  #path(field: VekField): string {
    return `${this.#at}.${field}`;
  }
}

const fault = (at: string, because: string): SevError => new SevError('CERT_EXTENSION', { at, because });
