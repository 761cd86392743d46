import { describe, expect, it } from 'vitest';
import { ascii, fromHex, toUtf8 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import { writeDer } from '../../encodings/der.ts';
import { extension, integer, madeUpCrl, madeUpVek, pemOf } from '../../testing/made-up-x509.ts';
import { parseCrl } from './crl.ts';
import { readVek } from './vek.ts';
import { MAX_CERTIFICATE_BYTES, parseCertificates, parseX509 } from './x509.ts';

const AMD = '2b060104019c7801';
const read = (bytes: Uint8Array) => readVek(parseX509(bytes, 'vek'));
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'read';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("A VCEK or VLEK's certificate", () => {
  it.each(['Milan', 'Genoa', 'Turin'] as const)('is read for %s, of both kinds', (product) => {
    const [vcek, vlek] = (['VCEK', 'VLEK'] as const).map((kind) => read(madeUpVek(product, kind)));
    expect([vcek!.product, vcek!.kind, vcek!.hwId?.length, vcek!.cspId]).toEqual([
      product,
      'VCEK',
      product === 'Turin' ? 8 : 64,
      undefined,
    ]);
    expect([vlek!.kind, vlek!.hwId, vlek!.cspId]).toEqual(['VLEK', undefined, 'CN=csp']);
    expect(vcek!.tcb.fmc).toBe(product === 'Turin' ? 1 : undefined);
  });

  it("must have each of AMD's extensions", () => {
    for (const suffix of ['01', '02', '0301', '0302', '0303', '0304', '0305', '0306', '0307', '0308', '04']) {
      const without = madeUpVek('Milan', 'VCEK', { extensions: { [AMD + suffix]: undefined } });
      expect(
        codeOf(() => read(without)),
        suffix,
      ).toBe('CERT_EXTENSION');
    }
  });

  it.each([
    ['a level above 255', { [`${AMD}0303`]: fromHex('02020100') }],
    ['a negative level', { [`${AMD}0303`]: fromHex('0201db') }],
    ['a padded level', { [`${AMD}0303`]: fromHex('02020018') }],
    ['a level with bytes behind it', { [`${AMD}0303`]: fromHex('02011800') }],
    ['a level that is no number', { [`${AMD}0303`]: fromHex('040118') }],
  ])('is refused with %s', (_, extensions) => {
    expect(codeOf(() => read(madeUpVek('Milan', 'VCEK', { extensions })))).toBe('CERT_DER');
  });

  it.each([
    ['a wrapped hwID', { extensions: { [`${AMD}04`]: concat(fromHex('0440'), new Uint8Array(64)) } }],
    ['a short hwID', { extensions: { [`${AMD}04`]: new Uint8Array(63) } }],
    ['a provider beside the chip', { extensions: { [`${AMD}05`]: writeDer(0x16, ascii('CN=x')) } }],
    ["Turin's FMC on Milan", { extensions: { [`${AMD}0309`]: integer(1) } }],
    ['a later structVersion', { extensions: { [`${AMD}01`]: integer(2) } }],
    ['an extension twice', { more: [extension(`${AMD}0308`, integer(219))] }],
    ['an unknown critical extension', { more: [extension('550463', integer(1), true)] }],
    [
      'too many extensions',
      { more: Array.from({ length: 40 }, (_, i) => extension(`5505${(i + 16).toString(16)}`, integer(1))) },
    ],
  ])('is refused with %s', (_, changed) => {
    expect(codeOf(() => read(madeUpVek('Milan', 'VCEK', changed)))).toBe('CERT_EXTENSION');
  });

  it('may have an unknown extension that is not critical', () => {
    expect(read(madeUpVek('Milan', 'VCEK', { more: [extension('550463', integer(1))] })).product).toBe('Milan');
  });

  it('is refused when cut anywhere, or with anything behind it', () => {
    const bytes = madeUpVek('Genoa', 'VCEK');
    for (let length = 0; length < bytes.length; length++) {
      expect(
        codeOf(() => parseX509(bytes.slice(0, length), 'vek')),
        String(length),
      ).not.toBe('read');
    }
    expect(codeOf(() => parseX509(concat(bytes, new Uint8Array(1)), 'vek'))).toBe('CERT_DER');
    const huge = new Uint8Array(MAX_CERTIFICATE_BYTES + 1);
    expect(codeOf(() => parseX509(huge, 'vek'))).toBe('BYTES_TOO_LARGE');
  });

  it.each([
    ['a negative serial number', { serial: fromHex('80') }, 'CERT_DER'],
    ['a serial number of 21 bytes', { serial: new Uint8Array(21).fill(1) }, 'CERT_DER'],
    ['another algorithm', { algorithm: fromHex('300d06092a864886f70d01010c0500') }, 'CERT_ALGORITHM'],
  ])('is refused with %s', (_, changed, code) => {
    expect(codeOf(() => parseX509(madeUpVek('Milan', 'VCEK', changed), 'vek'))).toBe(code);
  });

  it('comes in PEM too, alone or with others', () => {
    const [a, b] = [madeUpVek('Milan', 'VCEK'), madeUpVek('Turin', 'VLEK')];
    const text = toUtf8(`Certificates:\n${pemOf('CERTIFICATE', a)}${pemOf('CERTIFICATE', b)}`);
    expect(parseCertificates(toUtf8(pemOf('CERTIFICATE', a)), 'ca').length).toBe(1);
    expect(parseCertificates(text, 'ca').length).toBe(2);
    const both = toUtf8(pemOf('CERTIFICATE', a) + pemOf('CERTIFICATE', b));
    expect(parseCertificates(both, 'ca').map(({ bytes }) => bytes)).toEqual([a, b]);
    expect(codeOf(() => parseCertificates(toUtf8(pemOf('PRIVATE KEY', a)), 'ca'))).toBe('BYTES_ENCODING');
    expect(codeOf(() => parseCertificates(both.slice(0, -5), 'ca'))).toBe('BYTES_ENCODING');
  });
});

describe('A list of revoked certificates', () => {
  it('is read in DER and in PEM', () => {
    const bytes = madeUpCrl();
    const { revoked, nextUpdate, issuer } = parseCrl(bytes);
    expect([issuer.commonName, revoked.length, nextUpdate?.toISOString()]).toEqual([
      'ARK-Milan',
      1,
      '2027-01-01T00:00:00.000Z',
    ]);
    expect(parseCrl(toUtf8(pemOf('X509 CRL', bytes))).bytes).toEqual(bytes);
    expect(codeOf(() => parseCrl(toUtf8(pemOf('CERTIFICATE', bytes))))).toBe('BYTES_ENCODING');
  });

  it('is refused when cut anywhere', () => {
    const bytes = madeUpCrl();
    for (let length = 0; length < bytes.length; length++) {
      expect(
        codeOf(() => parseCrl(bytes.slice(0, length))),
        String(length),
      ).not.toBe('read');
    }
  });
});
