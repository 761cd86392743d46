import { describe, expect, it } from 'vitest';
import { toUtf8 } from '../../bytes/text.ts';
import { SevError } from '../../errors.ts';
import { madeUpCrl, pemOf } from '../../testing/made-up-x509.ts';
import { encodeCertificateTable, parseCertificateTable } from './certificate-table.ts';
import { parseCrl } from './crl.ts';
import { readReportText } from './report-text.ts';
import { parseCertificates } from './x509.ts';

/** Hostile inputs of any size, each at its parser's worst. */
const INPUTS: readonly (readonly [name: string, size: number, inputOf: (size: number) => () => unknown])[] = [
  ['digits', 500_000, (size) => text('a'.repeat(size))],
  ['white space', 500_000, (size) => text(`a${' '.repeat(size)}b`)],
  ['quotes', 500_000, (size) => text('"'.repeat(size))],
  ['rows of a hex dump', 500_000, (size) => text('00000000: 00 \n'.repeat(size / 14))],
  ['one endless row', 500_000, (size) => text(`00000000: ${'00 '.repeat(size / 3)}`)],
  ['stars', 500_000, (size) => text(`00000000: 0000  ..\n${'*\n'.repeat(size / 2)}`)],
  ['dashes', 500_000, (size) => text('-'.repeat(size))],
  ['begun blocks', 500_000, (size) => text('-----BEGIN REPORT-----'.repeat(size / 22))],
  ['begun certificates', 60_000, (size) => pem('-----BEGIN CERTIFICATE-----\n'.repeat(size / 28))],
  ['certificates', 60_000, (size) => pem(pemOf('CERTIFICATE', new Uint8Array(size / 2)))],
  ['entries of a table', 60_000, (size) => table(Math.floor(size / 40))],
  ['revoked certificates', 60_000, (size) => crl(Math.floor(size / 25))],
];

const text = (given: string) => () => readReportText(given, 'report');
const pem = (given: string) => () => parseCertificates(toUtf8(given), 'ca');
const table = (count: number) => {
  const guid = (i: number): string => (i + 1).toString(16).padStart(32, '0');
  const bytes = encodeCertificateTable(
    Array.from({ length: count }, (_, i) => ({ guid: guid(i), data: Uint8Array.of(1) })),
  );
  return () => parseCertificateTable(bytes);
};
const crl = (count: number) => {
  const bytes = madeUpCrl(count);
  return () => parseCrl(bytes);
};
/** The quickest of several runs: what the machine does besides only ever adds. */
function quickestMs(run: () => unknown): number {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    try {
      run();
    } catch (error) {
      if (!(error instanceof SevError)) throw error;
    }
    return performance.now() - start;
  });
  return Math.min(...times);
}

const { performance } = globalThis as unknown as { performance: { now(): number } };

/** Quadratic, 64,000 bytes are four thousand million steps, and 512,000 are minutes; linear, a few milliseconds even here. */
const MAX_MS = 3000;

describe('The worst input takes no time that grows with its square', () => {
  it.each(INPUTS)('%s', (_, size, inputOf) => {
    expect(quickestMs(inputOf(size))).toBeLessThan(MAX_MS);
  });
});
