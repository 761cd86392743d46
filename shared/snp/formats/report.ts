// The SEV-SNP attestation report: 1,184 bytes, of which the first 672 are signed. SNP report specification parts 1 to 6.
import { SevError } from '../../errors.ts';
import { firstNonzero } from '../../bytes/equal.ts';
import { ByteReader, requireLength } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { toHex } from '../../bytes/text.ts';
import type { EcdsaSignature } from '../../crypto/signatures.ts';
import { EC_COMPONENT_SIZE, readEcComponent, writeEcComponent } from '../../encodings/ec-component.ts';
import { parseSnpPolicy, type SnpPolicy } from './policy.ts';
import { type Cpuid, productOfCpuid, type SnpProduct } from './product.ts';
import { REPORT_FAULTS } from './report-words.ts';
import { encodeTcb, layoutOf, parseTcb, type Tcb, TCB_SIZE } from './tcb.ts';

export const SNP_REPORT_SIZE = 0x4a0;
export const SNP_SIGNED_SIZE = 0x2a0;
export const SNP_REPORT_VERSIONS = [2, 3, 4, 5] as const;
/** What the VMPL field holds when the hypervisor asked. */
const HOST_VMPL = 0xffffffff;
const ECDSA_P384_SHA384 = 1;
const P384_ORDER = BigInt(
  '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
);

export type SnpReportVersion = (typeof SNP_REPORT_VERSIONS)[number];

/** Who signs: the chip's own key, or one that AMD gave to a cloud provider. */
export type SigningKey = 'VCEK' | 'VLEK';
const SIGNING_KEYS: Readonly<Record<number, SigningKey>> = { 0: 'VCEK', 1: 'VLEK' };
const SIGNING_KEY_NONE = 7;

export interface FirmwareVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
}

/** The fields under the specification's names. Byte strings are as they stand in the report. */
export interface SnpReportFields {
  readonly version: SnpReportVersion;
  /** From the ID block; 0 without one, and so are FAMILY_ID and IMAGE_ID. */
  readonly guestSvn: number;
  readonly policyValue: bigint;
  readonly familyId: Uint8Array;
  readonly imageId: Uint8Array;
  /** 0 to 3. */
  readonly vmpl: number;
  readonly currentTcb: Tcb;
  readonly platformInfo: bigint;
  readonly authorKeyEnabled: boolean;
  readonly maskChipKey: boolean;
  readonly signingKey: SigningKey;
  /** 64 bytes of the guest. */
  readonly reportData: Uint8Array;
  /** The launch digest, 48 bytes. */
  readonly measurement: Uint8Array;
  /** 32 bytes of the host. */
  readonly hostData: Uint8Array;
  /** SHA-384 of the ID key, 48 bytes; 0 without an ID block. */
  readonly idKeyDigest: Uint8Array;
  readonly authorKeyDigest: Uint8Array;
  readonly reportId: Uint8Array;
  /** The migration agent's REPORT_ID; 32 bytes 0xFF without one. */
  readonly reportIdMa: Uint8Array;
  /** The TCB whose key signed. */
  readonly reportedTcb: Tcb;
  /** From version 3 on. */
  readonly cpuid: Cpuid | undefined;
  /** 64 bytes; on Turin 8 and then zeros; all zero when masked. */
  readonly chipId: Uint8Array;
  readonly committedTcb: Tcb;
  readonly current: FirmwareVersion;
  readonly committed: FirmwareVersion;
  readonly launchTcb: Tcb;
  /** Version 5. */
  readonly launchMitVector: bigint | undefined;
  readonly currentMitVector: bigint | undefined;
}

export interface SnpReport extends SnpReportFields {
  /** The whole report as it came. */
  readonly bytes: Uint8Array;
  /** Its first 672 bytes: what the signature covers, and the only part that identifies a report. */
  readonly signedBody: Uint8Array;
  readonly policy: SnpPolicy;
  /** By CPUID; undefined in version 2, which names no product. */
  readonly product: SnpProduct | undefined;
  /** Big-endian. */
  readonly signature: EcdsaSignature;
}

/**
 * Reads a report. Everything that can only have one value must have it, also where no signature covers it. Until the signature
 * is verified, every field is the sender's word.
 *
 * @param bytes exactly 1,184 bytes; integers are little-endian, and so are r and s
 * @throws SevError BYTES_LENGTH, SNP_REPORT_VERSION, SNP_REPORT_FORM, SNP_REPORT_BY_HOST, SNP_REPORT_UNSIGNED, SNP_REPORT_PRODUCT,
 *   SNP_POLICY
 */
export function parseSnpReport(bytes: Uint8Array, at = 'report'): SnpReport {
  requireLength(bytes, SNP_REPORT_SIZE, at);
  const reader = new ReportReader(new Uint8Array(bytes), at);
  const version = readVersion(reader);
  const guestSvn = reader.u32('guestSvn');
  const policyValue = reader.u64('policy');
  const policy = parseSnpPolicy(policyValue, reader.path('policy'));
  const familyId = reader.take(16, 'familyId');
  const imageId = reader.take(16, 'imageId');
  const vmpl = readVmpl(reader);
  const algorithm = reader.u32('signatureAlgo');
  if (algorithm !== ECDSA_P384_SHA384) throw reader.fault('signatureAlgo', REPORT_FAULTS.algorithm(algorithm));
  const currentTcbBytes = reader.take(TCB_SIZE, 'currentTcb');
  const platformInfo = reader.u64('platformInfo');
  const keyInfo = readKeyInfo(reader);
  reader.zeros(4, 'reserved');
  const reportData = reader.take(64, 'reportData');
  const measurement = reader.take(48, 'measurement');
  const hostData = reader.take(32, 'hostData');
  const idKeyDigest = reader.take(48, 'idKeyDigest');
  const authorKeyDigest = reader.take(48, 'authorKeyDigest');
  const reportId = reader.take(32, 'reportId');
  const reportIdMa = reader.take(32, 'reportIdMa');
  const reportedTcbBytes = reader.take(TCB_SIZE, 'reportedTcb');
  const { cpuid, product } = readCpuid(reader, version);
  reader.zeros(21, 'reserved');
  const chipId = reader.take(64, 'chipId');
  const committedTcbBytes = reader.take(TCB_SIZE, 'committedTcb');
  const current = readFirmwareVersion(reader, 'current');
  const committed = readFirmwareVersion(reader, 'committed');
  const launchTcbBytes = reader.take(TCB_SIZE, 'launchTcb');
  const [launchMitVector, currentMitVector] = readMitVectors(reader, version);
  reader.zeros(152, 'reserved');
  const signature = readSignature(reader);
  reader.end();
  const tcbOf = (field: string, tcb: Uint8Array): Tcb =>
    parseTcb(tcb, product ? layoutOf(product) : 'milan-genoa', reader.path(field));
  return {
    bytes: reader.bytes,
    signedBody: reader.bytes.subarray(0, SNP_SIGNED_SIZE),
    version,
    guestSvn,
    policyValue,
    policy,
    familyId,
    imageId,
    vmpl,
    currentTcb: tcbOf('currentTcb', currentTcbBytes),
    platformInfo,
    ...keyInfo,
    reportData,
    measurement,
    hostData,
    idKeyDigest,
    authorKeyDigest,
    reportId,
    reportIdMa,
    reportedTcb: tcbOf('reportedTcb', reportedTcbBytes),
    cpuid,
    product,
    chipId,
    committedTcb: tcbOf('committedTcb', committedTcbBytes),
    current,
    committed,
    launchTcb: tcbOf('launchTcb', launchTcbBytes),
    launchMitVector,
    currentMitVector,
    signature,
  };
}

/** Its faults are those of a report. */
class ReportReader extends ByteReader {
  fault(field: string, because: string): SevError {
    return new SevError('SNP_REPORT_FORM', { at: this.path(field), because });
  }

  override zeros(length: number, field: string): void {
    const start = this.offset;
    const stray = firstNonzero(this.take(length, field));
    if (stray >= 0) throw this.fault(field, REPORT_FAULTS.reserved(start + stray));
  }
}

function readVersion(reader: ReportReader): SnpReportVersion {
  const value = reader.u32('version');
  const version = SNP_REPORT_VERSIONS.find((known) => known === value);
  if (version) return version;
  throw new SevError('SNP_REPORT_VERSION', { at: reader.path('version'), because: REPORT_FAULTS.version(value) });
}

function readVmpl(reader: ReportReader): number {
  const vmpl = reader.u32('vmpl');
  if (vmpl === HOST_VMPL) throw new SevError('SNP_REPORT_BY_HOST', { at: reader.path('vmpl') });
  if (vmpl > 3) throw reader.fault('vmpl', REPORT_FAULTS.vmpl(vmpl));
  return vmpl;
}

/** Bit 0 AUTHOR_KEY_EN, bit 1 MASK_CHIP_KEY, bits 4:2 SIGNING_KEY. */
function readKeyInfo(reader: ReportReader): Pick<SnpReportFields, 'authorKeyEnabled' | 'maskChipKey' | 'signingKey'> {
  const value = reader.u32('keyInfo');
  if (value > 0x1f) throw reader.fault('keyInfo', REPORT_FAULTS.keyInfo(value));
  const number = value >>> 2;
  if (number === SIGNING_KEY_NONE) throw new SevError('SNP_REPORT_UNSIGNED', { at: reader.path('keyInfo') });
  const signingKey = SIGNING_KEYS[number];
  if (!signingKey) throw reader.fault('keyInfo', REPORT_FAULTS.signingKey(number));
  return { authorKeyEnabled: (value & 1) !== 0, maskChipKey: (value & 2) !== 0, signingKey };
}

/** Three bytes from version 3 on; reserved before. */
function readCpuid(reader: ReportReader, version: SnpReportVersion): Pick<SnpReport, 'cpuid' | 'product'> {
  if (version === 2) {
    reader.zeros(3, 'cpuid');
    return { cpuid: undefined, product: undefined };
  }
  const cpuid = { family: reader.u8('family'), model: reader.u8('model'), stepping: reader.u8('stepping') };
  const product = productOfCpuid(cpuid);
  if (product) return { cpuid, product };
  const because = REPORT_FAULTS.cpuid(cpuid.family, cpuid.model);
  throw new SevError('SNP_REPORT_PRODUCT', { at: reader.path('cpuid'), because });
}

/** Build, minor, major: in this order. */
function readFirmwareVersion(reader: ReportReader, field: string): FirmwareVersion {
  const [build, minor, major] = [reader.u8(field), reader.u8(field), reader.u8(field)];
  reader.zeros(1, `${field}.reserved`);
  return { major, minor, build };
}

function readMitVectors(reader: ReportReader, version: SnpReportVersion): [bigint | undefined, bigint | undefined] {
  if (version === 5) return [reader.u64('launchMitVector'), reader.u64('currentMitVector')];
  reader.zeros(16, 'reserved');
  return [undefined, undefined];
}

/** r and s in 72 bytes each, then 368 zeros. None of the padding is signed. */
function readSignature(reader: ReportReader): EcdsaSignature {
  const signature = { r: readEcComponent(reader, 'signature.r'), s: readEcComponent(reader, 'signature.s') };
  reader.zeros(SNP_REPORT_SIZE - SNP_SIGNED_SIZE - 2 * EC_COMPONENT_SIZE, 'signature.reserved');
  for (const part of ['r', 's'] as const) {
    const number = BigInt(`0x${toHex(signature[part])}`);
    if (number > 0n && number < P384_ORDER) continue;
    throw reader.fault(`signature.${part}`, REPORT_FAULTS.signatureRange(part));
  }
  return signature;
}

/**
 * Writes the 672 bytes that are to be signed.
 * @throws SevError BYTES_LENGTH, BYTES_VALUE
 */
export function encodeSnpReportBody(fields: SnpReportFields): Uint8Array {
  const product = fields.cpuid && productOfCpuid(fields.cpuid);
  const tcb = (value: Tcb): Uint8Array => encodeTcb(value, product ? layoutOf(product) : 'milan-genoa');
  const firmware = ({ major, minor, build }: FirmwareVersion): Uint8Array => Uint8Array.of(build, minor, major, 0);
  const signingKey = fields.signingKey === 'VLEK' ? 1 : 0;
  const keyInfo = (fields.authorKeyEnabled ? 1 : 0) | (fields.maskChipKey ? 2 : 0) | (signingKey << 2);
  const { family, model, stepping } = fields.cpuid ?? { family: 0, model: 0, stepping: 0 };
  const writer = new ByteWriter(SNP_SIGNED_SIZE);
  writer.u32(fields.version).u32(fields.guestSvn).u64(fields.policyValue);
  writer.bytes(sized(fields.familyId, 16, 'familyId')).bytes(sized(fields.imageId, 16, 'imageId'));
  writer.u32(fields.vmpl).u32(ECDSA_P384_SHA384).bytes(tcb(fields.currentTcb)).u64(fields.platformInfo);
  writer.u32(keyInfo).zeros(4);
  writer.bytes(sized(fields.reportData, 64, 'reportData')).bytes(sized(fields.measurement, 48, 'measurement'));
  writer.bytes(sized(fields.hostData, 32, 'hostData')).bytes(sized(fields.idKeyDigest, 48, 'idKeyDigest'));
  writer.bytes(sized(fields.authorKeyDigest, 48, 'authorKeyDigest')).bytes(sized(fields.reportId, 32, 'reportId'));
  writer.bytes(sized(fields.reportIdMa, 32, 'reportIdMa')).bytes(tcb(fields.reportedTcb));
  writer.u8(family).u8(model).u8(stepping).zeros(21);
  writer.bytes(sized(fields.chipId, 64, 'chipId')).bytes(tcb(fields.committedTcb));
  writer.bytes(firmware(fields.current)).bytes(firmware(fields.committed)).bytes(tcb(fields.launchTcb));
  writer
    .u64(fields.launchMitVector ?? 0n)
    .u64(fields.currentMitVector ?? 0n)
    .zeros(152);
  return writer.finish();
}

/**
 * Puts a signature behind a body.
 * @throws SevError BYTES_LENGTH
 */
export function encodeSnpReport(body: Uint8Array, { r, s }: EcdsaSignature): Uint8Array {
  const writer = new ByteWriter(SNP_REPORT_SIZE).bytes(sized(body, SNP_SIGNED_SIZE, 'body'));
  writeEcComponent(writer, r);
  writeEcComponent(writer, s);
  return writer.zeros(SNP_REPORT_SIZE - writer.length).finish();
}

function sized(bytes: Uint8Array, length: number, at: string): Uint8Array {
  requireLength(bytes, length, at);
  return bytes;
}
