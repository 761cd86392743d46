// What an SNP verb is given: a report in any shape, and certificates, tables and revocation lists from files and folders.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { looksLikePem, readPem } from '../../shared/encodings/pem.ts';
import { parseCertificateTable } from '../../shared/snp/formats/certificate-table.ts';
import { parseCrl } from '../../shared/snp/formats/crl.ts';
import { findSnpReport, type FoundReport, MAX_REPORT_INPUT_BYTES } from '../../shared/snp/formats/report-shapes.ts';
import { parseX509, type X509Certificate } from '../../shared/snp/formats/x509.ts';
import { loadAmdAuthorities } from '../../shared/trust/load-amd-snp-certificates.ts';
import { readSmallFile, unreadable } from './read-file.ts';

export interface SnpFiles {
  /** VCEKs and VLEKs. */
  readonly veks: readonly Uint8Array[];
  /** ARK, ASK, ASVK, beside AMD's own, which come with the program. */
  readonly authorities: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
}

const MAX_FILES = 64;
const LEAVES: ReadonlySet<string> = new Set(['SEV-VCEK', 'SEV-VLEK']);

/** @throws SevError BYTES_FILE, BYTES_TOO_LARGE, SNP_REPORT_SHAPE and others when it is no report */
export const readSnpReport = async (path: string): Promise<FoundReport> =>
  findSnpReport(await readSmallFile(path, MAX_REPORT_INPUT_BYTES), path);

/**
 * Whether a file holds an SNP report: found in some shape, and with a version and an algorithm that reports have. What else is
 * wrong with it, its own reader says.
 */
export async function holdsSnpReport(path: string): Promise<boolean> {
  try {
    const { report } = await readSnpReport(path);
    const view = new DataView(report.buffer, report.byteOffset);
    const version = view.getUint32(VERSION_AT, true);
    return version >= FIRST_VERSION && version <= LAST_GUESS && view.getUint32(ALGORITHM_AT, true) === ECDSA_P384;
  } catch (error) {
    if (error instanceof SevError) return false;
    throw error;
  }
}

const VERSION_AT = 0;
const ALGORITHM_AT = 0x34;
const ECDSA_P384 = 1;
const FIRST_VERSION = 2;
/** Versions that are still to come are refused by their name, and not as something else. */
const LAST_GUESS = 15;

/**
 * Reads certificates, certificate tables and CRLs, in DER or PEM; of folders, every file that is one of them.
 * @throws SevError BYTES_UNKNOWN for a file that is none of them, BYTES_FILE
 */
export async function readSnpFiles(paths: readonly string[]): Promise<SnpFiles> {
  const all: SnpFiles[] = [];
  for (const path of paths) {
    const found = await stat(path).catch((cause: unknown) => Promise.reject(unreadable(path, cause)));
    if (!found.isDirectory()) all.push(sorted(await readSmallFile(path), path));
    else all.push(...(await readFolder(path)));
  }
  return joined(all);
}

/** The table that travelled with a report. */
export const filesOfTable = ({ table = [] }: FoundReport): SnpFiles =>
  joined(
    table.filter(({ name }) => name !== undefined && name !== 'platform').map(({ data }) => sorted(data, 'table')),
  );

/** AMD's authorities are always at hand; those that do not belong to a chain are passed over. */
export async function withAmdAuthorities(files: SnpFiles): Promise<SnpFiles> {
  return { ...files, authorities: [...files.authorities, ...(await loadAmdAuthorities())] };
}

export const joined = (all: readonly SnpFiles[]): SnpFiles => ({
  veks: all.flatMap(({ veks }) => veks),
  authorities: all.flatMap(({ authorities }) => authorities),
  crls: all.flatMap(({ crls }) => crls),
});

async function readFolder(path: string): Promise<readonly SnpFiles[]> {
  const names = (await readdir(path, { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
  if (names.length > MAX_FILES)
    throw new SevError('BYTES_TOO_LARGE', { at: path, because: `${names.length} files; ${MAX_FILES} are looked at.` });
  const found: SnpFiles[] = [];
  for (const name of names.sort()) {
    try {
      found.push(sorted(await readSmallFile(join(path, name)), name));
    } catch (error) {
      // What is none of these in a folder is passed over.
      if (!(error instanceof SevError)) throw error;
    }
  }
  if (found.length > 0) return found;
  throw new SevError('BYTES_UNKNOWN', { at: path, sentence: 'This folder holds no SNP certificate.' });
}

function sorted(bytes: Uint8Array, at: string): SnpFiles {
  const pieces = looksLikePem(bytes) ? readPem(bytes, at) : undefined;
  if (pieces) return joined(pieces.map((piece) => sortedDer(piece.bytes, at)));
  if (bytes[0] === 0x30) return sortedDer(bytes, at);
  const table = parsed(() => parseCertificateTable(bytes, at));
  if (table)
    return joined(
      table.filter(({ name }) => name !== undefined && name !== 'platform').map(({ data }) => sorted(data, at)),
    );
  throw unknown(at);
}

function sortedDer(bytes: Uint8Array, at: string): SnpFiles {
  const certificate = parsed<X509Certificate>(() => parseX509(bytes, at));
  if (certificate) {
    const isLeaf = LEAVES.has(certificate.subject.commonName);
    return { veks: isLeaf ? [bytes] : [], authorities: isLeaf ? [] : [bytes], crls: [] };
  }
  if (parsed(() => parseCrl(bytes, at))) return { veks: [], authorities: [], crls: [bytes] };
  // Its own reader says what is wrong with it.
  parseX509(bytes, at);
  throw unknown(at);
}

function parsed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SevError) return undefined;
    throw error;
  }
}

const unknown = (at: string): SevError =>
  new SevError('BYTES_UNKNOWN', {
    at,
    sentence: 'This is not an SNP certificate, certificate table or revocation list.',
    next: 'Give VCEK, VLEK, ASK, ASVK, ARK or CRL in DER or PEM, or the table that came with the report.',
  });
