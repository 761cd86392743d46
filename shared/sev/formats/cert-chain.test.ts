import { expect, it } from 'vitest';
import { describeWithVectors, vectorBytes } from '../../testing/vectors.ts';
import { concat } from '../../bytes/writer.ts';
import { encodeCertChain, parseCaPair, parseCertChain } from './cert-chain.ts';

describeWithVectors('A certificate chain', () => {
  const naples = vectorBytes('certs/naples/full_chain.cert');

  it.each(['certs/naples/full_chain.cert', 'sim/full_chain.cert', 'sim/full_chain-2048.cert', 'negative/no-ca.chain'])(
    'reads and writes back %s',
    (path) => {
      expect(encodeCertChain(parseCertChain(vectorBytes(path)))).toEqual(vectorBytes(path));
    },
  );

  it("may end with Naples' ARK as AMD serves it, without its signature", () => {
    const served = concat(naples.subarray(0, -256));
    expect(parseCertChain(served).ark?.signature).toBeUndefined();
    expect(encodeCertChain(parseCertChain(served))).toEqual(served);
  });

  it.each([1, 0, -1, 255, -255, -257, -1664])('is refused with %i bytes more than it may have', (more) => {
    const bytes = new Uint8Array(naples.length + more);
    bytes.set(naples.subarray(0, bytes.length));
    if (more === 0 || more === -1664) expect(parseCertChain(bytes).pdh.usage).toBe('PDH');
    else expect(() => parseCertChain(bytes)).toThrow('BYTES_LENGTH');
  });

  it('names a certificate that stands in the place of another', () => {
    expect(() => parseCertChain(vectorBytes('negative/swapped-pek-oca.chain'))).toThrow(
      'CERT_USAGE at pek: This is an OCA, where a PEK belongs.',
    );
    expect(() => parseCertChain(vectorBytes('negative/swapped-ask-ark.chain'))).toThrow(
      'CERT_USAGE at ask: This is an ARK, where an ASK belongs.',
    );
  });

  it('cannot be written with an ARK and no ASK', () => {
    const { ask: _, ...chain } = parseCertChain(naples);
    expect(() => encodeCertChain(chain)).toThrow('CERT_CHAIN_INCOMPLETE');
  });

  it("has AMD's two certificates in the order of ask_ark files", () => {
    const { ask, ark } = parseCaPair(vectorBytes('sim/ask_ark.cert'));
    expect(ask.bytes).toEqual(vectorBytes('sim/ask.cert'));
    expect(ark.bytes).toEqual(vectorBytes('sim/ark.cert'));
  });
});
