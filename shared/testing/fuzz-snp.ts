// Fuzz targets of SEV-SNP's parsers: each takes any bytes, and either returns or throws a SevError. The verifying ones also throw
// when they accept what is no seed.
import { fromHex, toBase64, toHex, toUtf8 } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { SevError } from '../errors.ts';
import { DerReader } from '../encodings/der-reader.ts';
import { gunzip } from '../encodings/gzip.ts';
import { readPem } from '../encodings/pem.ts';
import { encodeCertificateTable, parseCertificateTable, TABLE_GUIDS } from '../snp/formats/certificate-table.ts';
import { parseCrl } from '../snp/formats/crl.ts';
import { explainPlatformInfo } from '../snp/formats/platform-info.ts';
import { encodeSnpPolicy, parseSnpPolicy, showSnpPolicy } from '../snp/formats/policy.ts';
import { explainSnpPolicy } from '../snp/formats/policy-words.ts';
import { encodeSnpReport, encodeSnpReportBody, parseSnpReport } from '../snp/formats/report.ts';
import { findSnpReport } from '../snp/formats/report-shapes.ts';
import { readVek } from '../snp/formats/vek.ts';
import { parseCertificates, parseX509 } from '../snp/formats/x509.ts';
import { caConstraints } from '../snp/formats/x509-extensions.ts';
import { verifyVek } from '../snp/verify/vek-chain.ts';
import { AMD_ROOTS } from '../trust/amd-roots.ts';
import { AMD_SNP_CERTIFICATES } from '../trust/amd-snp-certificates.ts';
import { requireSame, type SeededTarget } from './fuzz-target.ts';
import { madeUpReportsOfEach } from './made-up-report.ts';
import { madeUpCrl, madeUpVek, pemOf } from './made-up-x509.ts';

const REPORTS = madeUpReportsOfEach();
const [REPORT] = REPORTS as [Uint8Array];
const { Milan, Turin } = AMD_SNP_CERTIFICATES;
const VEK = madeUpVek('Milan', 'VCEK');
const TABLE = encodeCertificateTable([
  { guid: TABLE_GUIDS.vcek, data: VEK },
  { guid: TABLE_GUIDS.ark, data: new Uint8Array(20).fill(1) },
]);
/** One member with a name, as Python's gzip writes it. */
const GZIP = fromHex('1f8b08080000000002ff78000bf60b5008466000173780ed0f000000');
const LE = (value: number): Uint8Array => Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, 0);
const JSON_DATA = toUtf8('{"keys":[]}');
const HCL = concat(
  ...[toUtf8('HCLA'), LE(2), new Uint8Array(24), REPORT, LE(20 + JSON_DATA.length), LE(1), LE(2), LE(1)],
  ...[LE(JSON_DATA.length), JSON_DATA, new Uint8Array(16)],
);
const IOCTL = concat(LE(0), LE(1184), new Uint8Array(24), REPORT, new Uint8Array(4000 - 1216));
const hexLines = (bytes: Uint8Array): string =>
  Array.from({ length: Math.ceil(bytes.length / 16) }, (_, row) => {
    const pairs = toHex(bytes.subarray(16 * row, 16 * row + 16)).match(/.{1,4}/g)!;
    return `${(16 * row).toString(16).padStart(8, '0')}: ${pairs.join(' ')}  ................`;
  }).join('\n');
const SHAPES = [
  ...[REPORT, concat(REPORT, TABLE), HCL, IOCTL],
  ...[toHex(REPORT), toBase64(REPORT), hexLines(REPORT)].map(toUtf8),
  toUtf8(pemOf('REPORT', REPORT)),
];
const { ark, ask } = Milan;

const MAX_DEPTH = 16;

/** Every value inside a DER value, as deep as constructed tags go. */
function walk(bytes: Uint8Array, depth = 0): void {
  const reader = new DerReader(bytes, 'der');
  while (!reader.done) {
    const node = reader.next('value');
    if ((node.tag & 0x20) !== 0 && depth < MAX_DEPTH) walk(node.content, depth + 1);
  }
}

function refusal(error: unknown): undefined {
  if (!(error instanceof SevError)) throw error;
}

export const SNP_FUZZ_TARGETS: readonly SeededTarget[] = [
  {
    name: 'an SNP report',
    seeds: REPORTS,
    run: (bytes) => {
      const report = parseSnpReport(bytes);
      requireSame(encodeSnpReport(encodeSnpReportBody(report), report.signature), bytes);
    },
  },
  { name: 'an SNP report in any shape', seeds: SHAPES, run: (bytes) => findSnpReport(bytes) },
  {
    name: 'a certificate table',
    seeds: [TABLE, concat(TABLE, new Uint8Array(100)), new Uint8Array(24)],
    run: (bytes) => encodeCertificateTable(parseCertificateTable(bytes)),
  },
  { name: 'strict DER', seeds: [ark, VEK], run: (bytes) => walk(bytes) },
  { name: 'PEM', seeds: [toUtf8(pemOf('CERTIFICATE', ark))], run: (bytes) => readPem(bytes, 'pem') },
  {
    name: 'an X.509 authority',
    seeds: [ark, ask, Turin.asvk],
    run: (bytes) => caConstraints(parseX509(bytes, 'ca').extensions),
  },
  {
    name: 'X.509 certificates in one file',
    seeds: [ark, toUtf8(pemOf('CERTIFICATE', ark) + pemOf('CERTIFICATE', ask))],
    run: (bytes) => parseCertificates(bytes, 'ca'),
  },
  {
    name: 'a VCEK or VLEK',
    seeds: [VEK, madeUpVek('Turin', 'VCEK'), madeUpVek('Genoa', 'VLEK')],
    run: (bytes) => readVek(parseX509(bytes, 'vek')),
  },
  { name: 'a CRL', seeds: [madeUpCrl()], run: (bytes) => parseCrl(bytes) },
  {
    name: 'an SNP chain to be verified',
    seeds: [VEK, ask],
    run: async (bytes) => {
      const chain = { vek: bytes, authorities: [ark, ask] };
      const trusted = await verifyVek(chain, AMD_ROOTS, new Date('2026-07-01T00:00:00Z')).catch(refusal);
      if (trusted) throw new Error('a certificate that AMD never signed was trusted');
    },
  },
  {
    name: 'SNP policy and PLATFORM_INFO',
    seeds: [Uint8Array.of(0, 0, 3, 0, 0, 0, 0, 0)],
    run: (bytes) => {
      const value = bytes.slice(0, 8).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      explainPlatformInfo(value);
      showSnpPolicy(value);
      const policy = parseSnpPolicy(value);
      explainSnpPolicy(policy);
      if (encodeSnpPolicy(policy) !== value) throw new Error('what was read is written differently');
    },
  },
  { name: 'gzip', seeds: [GZIP], run: (bytes) => gunzip(bytes, 65536) },
];
