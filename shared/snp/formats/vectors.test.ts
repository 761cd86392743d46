import { expect, it } from 'vitest';
import { toHex } from '../../bytes/text.ts';
import { digest } from '../../crypto/subtle.ts';
import { SevError } from '../../errors.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import { azureReportData } from './azure-hcl.ts';
import { encodeCertificateTable, parseCertificateTable } from './certificate-table.ts';
import { encodeTcb, layoutOf } from './tcb.ts';
import { encodeSnpReport, encodeSnpReportBody, parseSnpReport } from './report.ts';
import { findSnpReport } from './report-shapes.ts';
import { readVek } from './vek.ts';
import { parseX509 } from './x509.ts';

interface Case {
  name: string;
  report?: string;
  vek?: string;
  kind?: string;
  expect: string;
  fields?: Record<string, unknown>;
  certificate?: Record<string, unknown>;
}
const sha256 = async (bytes: Uint8Array) => toHex(await digest('SHA-256', bytes));
const iso = (date: Date) => date.toISOString().replace('.000', '');

describeWithVectors('SNP reports that firmware wrote', () => {
  const cases = vectorJson<{ cases: Case[] }>('snp/real.json').cases.filter(({ fields }) => fields);

  it.each(cases)('$name: every field, and back to its bytes', ({ report: path, fields }) => {
    const bytes = vectorBytes(`snp/${path}`);
    const report = parseSnpReport(bytes);
    const tcb = (value: typeof report.reportedTcb) =>
      toHex(encodeTcb(value, report.product ? layoutOf(report.product) : 'milan-genoa'));
    const version = ({ major, minor, build }: typeof report.current) => [major, minor, build];
    const number = (value: bigint | undefined) => (value === undefined ? null : Number(value));
    expect({
      version: report.version,
      guest_svn: report.guestSvn,
      policy: Number(report.policyValue),
      vmpl: report.vmpl,
      platform_info: Number(report.platformInfo),
      author_key_en: Number(report.authorKeyEnabled),
      mask_chip_key: Number(report.maskChipKey),
      signing_key: report.signingKey === 'VLEK' ? 1 : 0,
      family_id: toHex(report.familyId),
      image_id: toHex(report.imageId),
      report_data: toHex(report.reportData),
      measurement: toHex(report.measurement),
      host_data: toHex(report.hostData),
      id_key_digest: toHex(report.idKeyDigest),
      author_key_digest: toHex(report.authorKeyDigest),
      report_id: toHex(report.reportId),
      report_id_ma: toHex(report.reportIdMa),
      chip_id: toHex(report.chipId),
      current_tcb: tcb(report.currentTcb),
      reported_tcb: tcb(report.reportedTcb),
      committed_tcb: tcb(report.committedTcb),
      launch_tcb: tcb(report.launchTcb),
      cpuid: report.cpuid ? [report.cpuid.family, report.cpuid.model, report.cpuid.stepping] : null,
      line: report.product ?? null,
      current: version(report.current),
      committed: version(report.committed),
      launch_mit_vector: number(report.launchMitVector),
      current_mit_vector: number(report.currentMitVector),
    }).toEqual(fields);
    expect(toHex(encodeSnpReport(encodeSnpReportBody(report), report.signature))).toBe(toHex(bytes));
  });

  it.each(cases.filter(({ certificate }) => certificate))(
    "$name: every field of the key's certificate",
    async ({ vek: path, certificate }) => {
      const bytes = vectorBytes(`snp/${path}`);
      const x509 = parseX509(bytes, 'vek');
      const vek = readVek(x509);
      const { spl, tcb, ...rest } = certificate as { spl: Record<string, number>; tcb: string };
      expect({
        kind: vek.kind.toLowerCase(),
        issuer: x509.issuer.commonName,
        not_before: iso(x509.notBefore),
        not_after: iso(x509.notAfter),
        structVersion: vek.structVersion,
        productName: vek.productName,
        hwid: vek.hwId ? toHex(vek.hwId) : null,
        cspID: vek.cspId ?? null,
        sha256: await sha256(bytes),
      }).toEqual(rest);
      expect(toHex(encodeTcb(vek.tcb, vek.structVersion === 1 ? 'turin' : 'milan-genoa'))).toBe(tcb);
      expect(vek.spareSpls).toEqual(['spl4', 'spl5', 'spl6', 'spl7'].flatMap((name) => spl[name] ?? []));
    },
  );
});

describeWithVectors('Certificate tables', () => {
  interface TableCase {
    name: string;
    table: string;
    expect: string;
    reason?: string;
    entries?: { guid: string; name: string | null; length: number; sha256: string }[];
  }
  const { cases } = vectorJson<{ cases: TableCase[] }>('snp/tables.json');

  it.each(cases.filter(({ expect }) => expect === 'valid'))('$name is read', async ({ table, entries }) => {
    const bytes = vectorBytes(`snp/${table}`);
    const found = parseCertificateTable(bytes);
    const shown = found.map(async ({ guid, name, data }) => ({
      guid,
      name: name ?? null,
      length: data.length,
      sha256: await sha256(data),
    }));
    expect(await Promise.all(shown)).toEqual(entries);
    const written = encodeCertificateTable(found);
    expect(toHex(bytes)).toBe(toHex(written).padEnd(2 * bytes.length, '0'));
  });

  it.each(cases.filter(({ expect }) => expect === 'refuse'))('$name is refused: $reason', ({ table }) => {
    expect(() => parseCertificateTable(vectorBytes(`snp/${table}`))).toThrow(
      expect.objectContaining({ code: 'SNP_TABLE' }),
    );
  });
});

describeWithVectors('The shapes in which reports travel', () => {
  const SHAPES: Readonly<Record<string, readonly string[]>> = {
    'report.hex': ['hex', 'raw'],
    'report.b64': ['base64', 'raw'],
    'report.b64url': ['base64url', 'raw'],
    'report.xxd': ['hex-dump', 'raw'],
    'report.pem': ['pem', 'raw'],
    'ioctl-reply.bin': ['ioctl'],
    'azure-hcl.bin': ['azure-hcl'],
    'report-and-table.bin': ['with-table'],
  };
  const { forms } = vectorJson<{ forms: { name: string; file: string; report_sha256: string; table?: string }[] }>(
    'snp/forms.json',
  );

  it.each(forms)('$name', async ({ name, file, report_sha256, table }) => {
    const found = await findSnpReport(vectorBytes(`snp/${file}`));
    expect(found.shapes).toEqual(SHAPES[name]);
    expect(await sha256(found.report)).toBe(report_sha256);
    if (table) expect(found.table).toEqual(parseCertificateTable(vectorBytes(`snp/${table}`)));
  });

  it("Azure's runtime data is what REPORT_DATA is the hash of", async () => {
    const { report, runtimeData } = await findSnpReport(vectorBytes('snp/forms/azure-hcl.bin'));
    expect(toHex(await azureReportData(runtimeData!))).toBe(toHex(parseSnpReport(report).reportData));
  });

  it('refuses each when it is cut', async () => {
    for (const { file } of forms) {
      const bytes = vectorBytes(`snp/${file}`);
      await expect(findSnpReport(bytes.slice(0, 1000)), file).rejects.toBeInstanceOf(SevError);
    }
  });
});
