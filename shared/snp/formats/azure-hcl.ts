// The report of Azure's paravisor (HCL), read from the vTPM: an SNP report, and behind it the runtime data whose hash is its
// REPORT_DATA. SNP report specification part 9.
import { SevError } from '../../errors.ts';
import { isZero } from '../../bytes/equal.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { ascii } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import { sha256 } from '../../crypto/subtle.ts';
import { SNP_REPORT_SIZE } from './report.ts';
import { REPORT_FAULTS } from './report-words.ts';

const MARK = ascii('HCLA');
const HEADER_SIZE = 0x20;
const VERSION = 2;
const TYPE_SNP = 2;
const HASH_SHA256 = 1;

export interface AzureHclReport {
  readonly report: Uint8Array;
  /** JSON in UTF-8; its SHA-256 and 32 zeros are the report's REPORT_DATA. What a nonce was given for stands in it. */
  readonly runtimeData: Uint8Array;
}

export const looksLikeHcl = (bytes: Uint8Array): boolean => MARK.every((byte, i) => bytes[i] === byte);

/**
 * Reads an HCL report: header 32, SNP report, then u32 size, u32 version, u32 type, u32 hash, u32 n and n bytes; zeros follow.
 * Little-endian.
 *
 * @throws SevError SNP_REPORT_FORM, BYTES_LENGTH
 */
export function parseAzureHcl(bytes: Uint8Array, at = 'hcl'): AzureHclReport {
  const reader = new ByteReader(bytes, at);
  const fault = (because: string): SevError => new SevError('SNP_REPORT_FORM', { at, because });
  const header = new ByteReader(reader.take(HEADER_SIZE, 'header'), at);
  header.take(MARK.length, 'mark');
  const version = header.u32('version');
  if (version !== VERSION) throw fault(REPORT_FAULTS.hclVersion(version));
  const report = reader.take(SNP_REPORT_SIZE, 'report');
  const size = reader.u32('size');
  reader.u32('dataVersion');
  const [type, hash, length] = [reader.u32('type'), reader.u32('hash'), reader.u32('length')];
  if (type !== TYPE_SNP) throw fault(REPORT_FAULTS.hclType(type));
  if (hash !== HASH_SHA256) throw fault(REPORT_FAULTS.hclHash(hash));
  // The size counts its own five numbers too.
  if (size !== length + 20 || length > reader.remaining) throw fault(REPORT_FAULTS.hclEnd());
  const runtimeData = reader.take(length, 'runtimeData');
  if (!isZero(reader.bytes.subarray(reader.offset))) throw fault(REPORT_FAULTS.hclEnd());
  return { report, runtimeData };
}

/** The 64 bytes of REPORT_DATA that belong to runtime data: its SHA-256, then zeros. */
export const azureReportData = async (runtimeData: Uint8Array): Promise<Uint8Array> =>
  concat(await sha256(runtimeData), new Uint8Array(32));
