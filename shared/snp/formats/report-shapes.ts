// Every shape in which SNP reports travel: what it is, is told by its content. SNP report specification part 9.
import { SevError } from '../../errors.ts';
import { isZero } from '../../bytes/equal.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { fromUtf8 } from '../../bytes/text.ts';
import { gunzip, looksLikeGzip } from '../../encodings/gzip.ts';
import { looksLikeHcl, parseAzureHcl } from './azure-hcl.ts';
import { MAX_TABLE_BYTES, parseCertificateTable, type TableEntry } from './certificate-table.ts';
import { SNP_REPORT_SIZE } from './report.ts';
import { readReportText, type TextShape } from './report-text.ts';
import { REPORT_FAULTS } from './report-words.ts';

/** `raw`: nothing but the report. `ioctl`: the kernel's reply. `with-table`: certificates behind it, as go-sev-guest's RawQuote. */
export type ReportShape = 'raw' | 'ioctl' | 'with-table' | 'azure-hcl' | 'gzip' | TextShape;

export interface FoundReport {
  /** From the outside in: `base64`, `gzip`, `raw`. */
  readonly shapes: readonly ReportShape[];
  /** 1,184 bytes; what they say, `parseSnpReport` reads. */
  readonly report: Uint8Array;
  /** The host's certificates, where they travel with it. */
  readonly table?: readonly TableEntry[];
  /** Azure's JSON, in UTF-8. */
  readonly runtimeData?: Uint8Array;
}

/** A hex dump of a report with its table has four characters and more a byte. */
export const MAX_REPORT_INPUT_BYTES = 512 * 1024;
const MAX_BINARY_BYTES = SNP_REPORT_SIZE + MAX_TABLE_BYTES;
const MAX_SHAPES = 4;
const IOCTL_HEADER_SIZE = 0x20;

/** What each shape is called. */
export const SHAPE_NAMES: Readonly<Record<ReportShape, string>> = {
  raw: 'the report itself',
  ioctl: "the kernel's reply (SNP_GET_REPORT)",
  'with-table': 'a report with its certificate table',
  'azure-hcl': "Azure's HCL report",
  gzip: 'gzip',
  hex: 'hex',
  base64: 'base64',
  base64url: 'base64url',
  'hex-dump': 'a hex dump (xxd)',
  pem: 'a REPORT block',
};

/**
 * Finds the report in whatever was given, and names the shape.
 *
 * @throws SevError SNP_REPORT_SHAPE when there is none; SNP_REPORT_FORM, SNP_TABLE, BYTES_CHECKSUM, BYTES_LENGTH when a shape was
 *   recognized and is malformed; BYTES_TOO_LARGE
 */
export async function findSnpReport(bytes: Uint8Array, at = 'report'): Promise<FoundReport> {
  if (bytes.length > MAX_REPORT_INPUT_BYTES) throw new SevError('BYTES_TOO_LARGE', { at });
  return unwrap(new Uint8Array(bytes), at, []);
}

async function unwrap(bytes: Uint8Array, at: string, outer: readonly ReportShape[]): Promise<FoundReport> {
  if (outer.length >= MAX_SHAPES) throw new SevError('SNP_REPORT_SHAPE', { at, because: REPORT_FAULTS.nested() });
  if (looksLikeGzip(bytes)) return unwrap(await gunzip(bytes, MAX_BINARY_BYTES, at), at, [...outer, 'gzip']);
  const text = asText(bytes);
  if (text !== undefined) {
    const { shape, bytes: inner } = readReportText(text, at);
    return unwrap(inner, at, [...outer, shape]);
  }
  const found = findInBinary(bytes, at);
  return { ...found, shapes: [...outer, ...found.shapes] };
}

/** Printable text, after a byte order mark; no report is, since it holds zeros. */
function asText(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0 || bytes.includes(0)) return undefined;
  try {
    const text = fromUtf8(bytes).replace(/^\uFEFF/, '');
    return /^[\t\n\r -~]*$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function findInBinary(bytes: Uint8Array, at: string): FoundReport {
  if (bytes.length === SNP_REPORT_SIZE) return { shapes: ['raw'], report: bytes };
  if (looksLikeHcl(bytes)) return { shapes: ['azure-hcl'], ...parseAzureHcl(bytes, at) };
  if (looksLikeIoctl(bytes)) return { shapes: ['ioctl'], report: readIoctl(bytes, at) };
  if (bytes.length > SNP_REPORT_SIZE && startsLikeReport(bytes)) {
    const table = parseCertificateTable(bytes.subarray(SNP_REPORT_SIZE), `${at}.table`);
    return { shapes: ['with-table'], report: bytes.slice(0, SNP_REPORT_SIZE), table };
  }
  throw new SevError('SNP_REPORT_SHAPE', { at });
}

/** Its version: a small number in four bytes. Which versions are known, the report's own reader says. */
const startsLikeReport = ([first = 0, ...rest]: Uint8Array): boolean =>
  first > 0 && first < 0x20 && rest.slice(0, 3).every((byte) => byte === 0);

/** u32 status, u32 size, 24 zeros: a status of 0, which no version is, or an error without a report. */
const looksLikeIoctl = (bytes: Uint8Array): boolean =>
  bytes.length >= IOCTL_HEADER_SIZE + SNP_REPORT_SIZE &&
  isZero(bytes.subarray(8, IOCTL_HEADER_SIZE)) &&
  (isZero(bytes.subarray(0, 4)) || isZero(bytes.subarray(4)));

function readIoctl(bytes: Uint8Array, at: string): Uint8Array {
  const fault = (because: string): SevError => new SevError('SNP_REPORT_FORM', { at, because });
  const reader = new ByteReader(bytes, at);
  const [status, size] = [reader.u32('status'), reader.u32('size')];
  if (status !== 0) throw fault(REPORT_FAULTS.ioctlStatus(status));
  if (size !== SNP_REPORT_SIZE) throw fault(REPORT_FAULTS.ioctlSize(size));
  reader.take(IOCTL_HEADER_SIZE - 8, 'reserved');
  const report = reader.take(SNP_REPORT_SIZE, 'report');
  if (!isZero(bytes.subarray(reader.offset))) throw fault(REPORT_FAULTS.trailing());
  return report;
}
