import { describe, expect, it } from 'vitest';
import { fromHex, toBase64, toHex, toUtf8 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import { madeUpReport } from '../../testing/made-up-report.ts';
import { pemOf } from '../../testing/made-up-x509.ts';
import { findSnpReport, MAX_REPORT_INPUT_BYTES } from './report-shapes.ts';

const REPORT = madeUpReport();
const found = async (bytes: Uint8Array): Promise<readonly string[]> => {
  const { shapes, report } = await findSnpReport(bytes);
  expect(toHex(report)).toBe(toHex(REPORT));
  return shapes;
};
const refusal = (bytes: Uint8Array): Promise<string> =>
  findSnpReport(bytes).then(
    ({ shapes }) => shapes.join(),
    (error: { code: string }) => error.code,
  );
const u32 = (value: number): Uint8Array => Uint8Array.of(value & 255, (value >> 8) & 255, 0, 0);

/** Rows as hexdump -C writes them: equal ones in a row become a star. */
function hexdump(bytes: Uint8Array, collapse: boolean): string {
  const lines: string[] = [];
  let last = '';
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const pairs = toHex(bytes.subarray(offset, offset + 16)).match(/../g)!;
    const row = [pairs.slice(0, 8).join(' '), pairs.slice(8).join(' ')].join('  ');
    if (!collapse || row !== last) lines.push(`${offset.toString(16).padStart(8, '0')}  ${row}  |................|`);
    else if (lines.at(-1) !== '*') lines.push('*');
    last = row;
  }
  return [...lines, bytes.length.toString(16).padStart(8, '0'), ''].join('\n');
}

describe('An SNP report', () => {
  it.each([
    ['hex', toHex(REPORT)],
    ['hex', `0x${toHex(REPORT).toUpperCase()}\n`],
    ['hex', toHex(REPORT).replaceAll(/(.{64})/g, '$1\r\n')],
    ['base64', toBase64(REPORT)],
    ['base64', `"${toBase64(REPORT)}"`],
    ['base64', toBase64(REPORT).replaceAll(/(.{76})/g, '$1\n')],
    ['base64url', toBase64(REPORT).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')],
    ['pem', pemOf('REPORT', REPORT)],
    ['pem', pemOf('SEV-SNP ATTESTATION REPORT', REPORT)],
    ['hex-dump', hexdump(REPORT, false)],
    ['hex-dump', hexdump(REPORT, true)],
  ])('is found in %s', async (shape, text) => {
    expect(await found(toUtf8(text))).toEqual([shape, 'raw']);
    expect(await found(toUtf8(`\uFEFF${text}`))).toEqual([shape, 'raw']);
  });

  it('is found in base64 of base64, and no deeper than anyone wraps it', async () => {
    const twice = toUtf8(toBase64(toUtf8(toBase64(REPORT))));
    expect(await found(twice)).toEqual(['base64', 'base64', 'raw']);
    let deep = twice;
    for (let i = 0; i < 4; i++) deep = toUtf8(toBase64(deep));
    expect(await refusal(deep)).toBe('SNP_REPORT_SHAPE');
  });

  it("is found in the kernel's reply, and the firmware's refusal is told", async () => {
    const reply = (status: number, size: number) =>
      concat(u32(status), u32(size), new Uint8Array(24), REPORT, new Uint8Array(4000 - 1216));
    expect(await found(reply(0, 1184))).toEqual(['ioctl']);
    expect(await refusal(reply(0, 1183))).toBe('SNP_REPORT_FORM');
    expect(await refusal(concat(u32(0x16), new Uint8Array(3996)))).toBe('SNP_REPORT_FORM');
    const stray = reply(0, 1184);
    stray[3999] = 1;
    expect(await refusal(stray)).toBe('SNP_REPORT_FORM');
  });

  it('is found with an empty certificate table, and a broken one is refused', async () => {
    const { table } = await findSnpReport(concat(REPORT, new Uint8Array(24)));
    expect(table).toEqual([]);
    expect(await refusal(concat(REPORT, new Uint8Array(23)))).toBe('SNP_TABLE');
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['zeros', new Uint8Array(64)],
    ['a part of it', REPORT.slice(0, 1183)],
    ['words', toUtf8('no report here')],
    ['hex of a part of it', toUtf8(toHex(REPORT).slice(2))],
    ['a block of another kind', toUtf8(pemOf('CERTIFICATE', REPORT))],
    ['a hex dump that leaves a row out', toUtf8(hexdump(REPORT, false).replace(/^00000020.*\n/m, ''))],
    ['a hex dump that begins with a star', toUtf8(`*\n${hexdump(REPORT, false)}`)],
    ['a hex dump that ends with one', toUtf8(hexdump(REPORT, false).replace(/\n000004a0\n$/, '\n*\n'))],
  ])('is not found in %s', async (_, bytes) => {
    expect(await refusal(bytes)).toBe('SNP_REPORT_SHAPE');
  });

  it('is not looked for in what is too large', async () => {
    expect(await refusal(new Uint8Array(MAX_REPORT_INPUT_BYTES + 1))).toBe('BYTES_TOO_LARGE');
  });

  it('is found in gzip, alone and in base64, and damage is told', async () => {
    const gzip = await gzipOf(REPORT);
    expect(await found(gzip)).toEqual(['gzip', 'raw']);
    expect(await found(toUtf8(toBase64(gzip)))).toEqual(['base64', 'gzip', 'raw']);
    const damaged = gzip.slice();
    damaged[damaged.length - 6]! ^= 1;
    expect(await refusal(damaged)).toBe('BYTES_CHECKSUM');
    expect(await refusal(gzip.slice(0, 17))).toBe('BYTES_ENCODING');
    expect(await refusal(fromHex('1f8b08e0'))).toBe('BYTES_ENCODING');
    expect(await refusal(await gzipOf(new Uint8Array(10_000_000)))).toBe('BYTES_TOO_LARGE');
  });
});

interface Streams {
  Blob: new (parts: Uint8Array[]) => { stream(): { pipeThrough(through: unknown): unknown } };
  CompressionStream: new (format: 'gzip') => unknown;
  Response: new (body: unknown) => { arrayBuffer(): Promise<ArrayBuffer> };
}
const { Blob, CompressionStream, Response } = globalThis as unknown as Streams;

async function gzipOf(bytes: Uint8Array): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
