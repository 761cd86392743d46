import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import { SevError } from '../../errors.ts';
import { toHex } from '../../bytes/text.ts';
import { encodeSevCert, encodeSignedBody, parseSevCert, SEV_CERT_SIZE } from './sev-cert.ts';

interface CertFields {
  file: string;
  usage: string;
  api: [number, number];
  algo: string;
  x: string;
  y: string;
  signatures: { usage: string; algo: string }[];
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'accepted';
  } catch (error) {
    if (error instanceof SevError) return `${error.code} at ${error.at}`;
    throw error;
  }
};

/** A copy with other bytes at one place. */
const changed = (bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array => {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
};

describeWithVectors('A SEV certificate', () => {
  const certs = vectorJson<{ sev: CertFields[] }>('certs.json').sev;
  const pek = vectorBytes('certs/naples/pek.cert');
  const pdh = vectorBytes('certs/naples/pdh.cert');

  it.each(certs)('is read field by field: $file', ({ file, usage, api, algo, x, y, signatures }) => {
    const cert = parseSevCert(vectorBytes(file));
    expect([cert.usage, cert.algorithm, cert.apiMajor, cert.apiMinor]).toEqual([usage, algo, ...api]);
    expect([toHex(cert.publicKey.x), toHex(cert.publicKey.y)]).toEqual([x, y]);
    const slots = cert.signatures.map((slot) => ({
      usage: slot?.usage ?? 'INVALID',
      algo: slot?.algorithm ?? 'INVALID',
    }));
    expect(slots).toEqual(signatures.map((slot) => ({ usage: slot.usage, algo: slot.algo })));
  });

  it.each([
    'sim/cek.cert',
    'sim/cek_unsigned.cert',
    'sim/oca.cert',
    'ownership/pek_csr.cert',
    ...certs.map((c) => c.file),
  ])('is written back as it was read: %s', (file) => {
    const bytes = vectorBytes(file);
    const cert = parseSevCert(bytes);
    expect(encodeSevCert(cert)).toEqual(bytes);
    expect(encodeSignedBody(cert)).toEqual(cert.signedBody);
  });

  it('does not change when the bytes it was read from do', () => {
    const source = pek.slice();
    const cert = parseSevCert(source);
    source.fill(0);
    expect(cert.bytes).toEqual(pek);
    expect(encodeSevCert(cert)).toEqual(pek);
  });

  it('is refused at any other length', () => {
    const lengths = fc.integer({ min: 0, max: 3 * SEV_CERT_SIZE }).filter((length) => length !== SEV_CERT_SIZE);
    fc.assert(
      fc.property(lengths, (length) => {
        const bytes = new Uint8Array(length);
        bytes.set(pek.subarray(0, length));
        expect(codeOf(() => parseSevCert(bytes))).toBe('BYTES_LENGTH at cert');
      }),
    );
  });

  // Offsets and sizes of SEV API, appendix C.1: whatever must be zero in a PDH, whose second slot is unused.
  it.each([
    ['reserved', 0x006, 2, 'BYTES_RESERVED at cert.reserved'],
    ['high bytes of x', 0x014 + 48, 24, 'BYTES_RESERVED at cert.publicKey.x.high'],
    ['high bytes of y', 0x05c + 48, 24, 'BYTES_RESERVED at cert.publicKey.y.high'],
    ['bytes after the key', 0x0a4, 0x414 - 0x0a4, 'BYTES_RESERVED at cert.publicKey.padding'],
    ['high bytes of r', 0x41c + 48, 24, 'BYTES_RESERVED at cert.signature1.r.high'],
    ['high bytes of s', 0x41c + 72 + 48, 24, 'BYTES_RESERVED at cert.signature1.s.high'],
    ['bytes after the signature', 0x41c + 144, 368, 'BYTES_RESERVED at cert.signature1.padding'],
    ['algorithm of the unused slot', 0x620, 4, 'CERT_SLOT at cert.signature2'],
    ['value of the unused slot', 0x624, 512, 'CERT_SLOT at cert.signature2'],
  ])('is refused when its %s are not zero', (_name, start, size, code) => {
    const offsets = fc.integer({ min: start, max: start + size - 1 });
    fc.assert(
      fc.property(offsets, fc.integer({ min: 1, max: 255 }), (offset, value) => {
        expect(codeOf(() => parseSevCert(changed(pdh, offset, value)))).toBe(code);
      }),
      {
        examples: [
          [start, 1],
          [start + size - 1, 0x80],
        ],
      },
    );
  });

  it("is refused with what AMD's key server once wrote into a second slot, and told to be fetched again", () => {
    const cek = changed(vectorBytes('certs/naples/cek.cert'), 0x61c, 0x10, 0);
    const next = expect.stringContaining('fetch it again') as string;
    expect(() => parseSevCert(cek)).toThrow(expect.objectContaining({ next }) as Error);
  });

  it.each([
    ['another version', pek, 0, [2], 'CERT_VERSION at cert.version'],
    ['version 0x100', pek, 1, [1], 'CERT_VERSION at cert.version'],
    ['the usage of an ASK', pek, 8, [0x13, 0], 'CERT_USAGE at cert.usage'],
    ['no usage', pek, 8, [0, 0x10], 'CERT_USAGE at cert.usage'],
    ['ECDH in a signing key', pek, 0xc, [3], 'CERT_ALGORITHM at cert.algorithm'],
    ['ECDSA in a PDH', pdh, 0xc, [2], 'CERT_ALGORITHM at cert.algorithm'],
    ['ECDSA with SHA-384', pek, 0xc, [2, 1], 'CERT_ALGORITHM at cert.algorithm'],
    ['the curve P-256', pdh, 0x10, [1], 'CERT_KEY at cert.publicKey.curve'],
    ['no curve', pdh, 0x10, [0], 'CERT_KEY at cert.publicKey.curve'],
    ['a point off the curve', pdh, 0x14, [0], 'CERT_POINT at cert.publicKey'],
    ['the point (0, 0)', pdh, 0x14, new Array<number>(144).fill(0), 'CERT_POINT at cert.publicKey'],
    ['x above the field', pdh, 0x14, new Array<number>(48).fill(0xff), 'CERT_POINT at cert.publicKey'],
    ['a slot by a PDH', pdh, 0x414, [3], 'CERT_SLOT at cert.signature1'],
    ['a slot by an ARK', pdh, 0x414, [0, 0], 'CERT_SLOT at cert.signature1'],
    ['a slot that is emptied by its label only', pdh, 0x414, [0], 'CERT_SLOT at cert.signature1'],
    ['a slot with a label only', pdh, 0x41c, new Array<number>(144).fill(0), 'CERT_SLOT at cert.signature1'],
    ['r of zero', pdh, 0x41c, new Array<number>(48).fill(0), 'CERT_SLOT at cert.signature1'],
    ['a slot with RSA by an EC key', pdh, 0x418, [1], 'CERT_ALGORITHM at cert.signature1.algorithm'],
    ['a slot of a PDH by the OCA', pdh, 0x414, [1], 'CERT_SLOT at cert'],
    ['both slots by the CEK', pek, 0x414, [4], 'CERT_SLOT at cert'],
    ['both slots by the OCA', pek, 0x61c, [1], 'CERT_SLOT at cert'],
    ["the second slot 0x0010 of AMD's old key server", pdh, 0x61c, [0x10, 0], 'CERT_SLOT at cert.signature2'],
  ])('is refused with %s', (_name, bytes, offset, values, code) => {
    expect(codeOf(() => parseSevCert(changed(bytes, offset, ...values)))).toBe(code);
  });

  it('takes the signatures of a PEK in either order', () => {
    const other = pek.slice();
    other.set(pek.subarray(0x61c), 0x414);
    other.set(pek.subarray(0x414, 0x61c), 0x61c);
    expect(parseSevCert(other).signatures.map((slot) => slot?.usage)).toEqual(['CEK', 'OCA']);
  });
});
