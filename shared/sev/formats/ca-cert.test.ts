import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import { toHex } from '../../bytes/text.ts';
import { sha256 } from '../../crypto/subtle.ts';
import { AMD_ROOTS } from '../../trust/amd-roots.ts';
import { encodeCaCert, parseCaCert } from './ca-cert.ts';

interface CaFields {
  file: string;
  size: number;
  usage: string;
  bits: number;
  key_id: string;
  certifying_id: string;
  signed_bytes: number;
  key_sha256: string;
}
interface Pin {
  generation: string;
  kind: 'ark' | 'ask';
  bits: number;
  key_id: string;
  key_sha256: string;
}

describeWithVectors('A CA certificate', () => {
  const { ca, pins } = vectorJson<{ ca: CaFields[]; pins: Pin[] }>('certs.json');

  it.each(ca)('is read field by field: $file', async (expected) => {
    const cert = parseCaCert(vectorBytes(expected.file));
    expect([cert.bytes.length, cert.usage, cert.modulusSizeBits]).toEqual([
      expected.size,
      expected.usage,
      expected.bits,
    ]);
    expect([toHex(cert.keyId), toHex(cert.certifyingKeyId)]).toEqual([expected.key_id, expected.certifying_id]);
    expect(cert.signedBody.length).toBe(expected.signed_bytes);
    expect(toHex(await sha256(cert.keyField))).toBe(expected.key_sha256);
    expect(encodeCaCert(cert)).toEqual(cert.bytes);
  });

  it('has the pins of five generations, as they were computed from the certificates', () => {
    const ours = AMD_ROOTS.flatMap((root) => [
      [root.generation, 'ark', root.modulusSizeBits, root.keyId, root.keySha256],
      [root.generation, 'ask', root.modulusSizeBits, root.ask.keyId, root.ask.keySha256],
    ]);
    expect(ours).toEqual(pins.map((pin) => [pin.generation, pin.kind, pin.bits, pin.key_id, pin.key_sha256]));
  });

  it("may be Naples' ARK without its signature", () => {
    const served = parseCaCert(vectorBytes('certs/naples/ark_as_served.cert'));
    expect(served.signature).toBeUndefined();
    expect(served.signedBody).toEqual(served.bytes);
    expect(encodeCaCert(served)).toEqual(served.bytes);
  });

  it.each(['certs/naples/ark.cert', 'certs/naples/ask.cert', 'certs/milan/ark.cert', 'certs/milan/ask.cert'])(
    'is refused when anything is missing or follows: %s',
    (file) => {
      const bytes = vectorBytes(file);
      const lengths = fc.integer({ min: 0, max: bytes.length + 300 });
      const servedForm = file === 'certs/naples/ark.cert' ? 576 : bytes.length;
      fc.assert(
        fc.property(lengths, (length) => {
          fc.pre(length !== bytes.length && length !== servedForm);
          const other = new Uint8Array(length);
          other.set(bytes.subarray(0, length));
          expect(() => parseCaCert(other)).toThrow('BYTES_LENGTH');
        }),
        {
          examples: [[575], [577], [576], [1088], [bytes.length - 1], [bytes.length + 1]].filter(
            ([n]) => n !== servedForm,
          ) as [number][],
        },
      );
    },
  );

  it.each([
    ['version', 0, 2, 'CERT_VERSION at ca.version'],
    ['usage', 36, 1, 'CERT_USAGE at ca.usage'],
    ['usage of a PEK', 37, 0x10, 'CERT_USAGE at ca.usage'],
    ['first reserved byte', 40, 1, 'BYTES_RESERVED at ca.reserved'],
    ['last reserved byte', 55, 0x80, 'BYTES_RESERVED at ca.reserved'],
    ['exponent size', 57, 0x10, 'CERT_KEY at ca.modulusSize'],
    ['modulus size', 61, 0x10, 'CERT_KEY at ca.modulusSize'],
    ['exponent', 64, 3, 'CERT_KEY at ca.exponent'],
    ['last byte of the exponent field', 319, 1, 'BYTES_RESERVED at ca.exponent'],
    ['parity of the modulus', 320, 0, 'CERT_KEY at ca.modulus'],
    ['width of the modulus', 575, 0x7f, 'CERT_KEY at ca.modulus'],
  ])('is refused with another %s', (_name, offset, value, message) => {
    const bytes = vectorBytes('certs/naples/ark.cert');
    bytes[offset] = value;
    expect(() => parseCaCert(bytes)).toThrow(message);
  });
});
