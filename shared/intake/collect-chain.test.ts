import { expect, it } from 'vitest';
import { simRoots } from '../testing/sim-roots.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../testing/vectors.ts';
import { SevError } from '../errors.ts';
import { fromHex } from '../bytes/text.ts';
import { makeGodh } from '../sev/session/godh.ts';
import { AMD_ROOTS } from '../trust/amd-roots.ts';
import { inspectCertChain, verifyCertChain } from '../sev/verify/cert-chain.ts';
import { collectChain } from './collect-chain.ts';
import { expectPiece } from './expect-piece.ts';
import type { Piece, PieceKind } from './piece.ts';
import { recognise } from './recognise.ts';

const piecesOf = async (...inputs: (string | Uint8Array)[]): Promise<Piece[]> => {
  const pieces = await Promise.all(
    inputs.map((input) => recognise(typeof input === 'string' ? vectorBytes(input) : input)),
  );
  return pieces.flat();
};
const codes = (errors: readonly SevError[]): string[] => errors.map((error) => error.code);

describeWithVectors('A chain out of pieces', () => {
  const { chip_id } = vectorJson<{ chip_id: string }>('sim.json');

  it.each([
    ['one file', ['sim/full_chain.cert']],
    ['separate files, in any order', ['ark', 'cek', 'pdh', 'oca', 'ask', 'pek'].map((name) => `sim/${name}.cert`)],
    [
      "the platform's export, AMD's CEK and AMD's file",
      ['sim/pdh_cert_export.bin', 'sim/cek.cert', 'sim/ask_ark.cert'],
    ],
    [
      'separate files of a platform whose roots have 2,048 bits',
      ['cek', 'pdh', 'oca', 'pek', 'ask_ark'].map((name) => `sim/${name}-2048.cert`),
    ],
    ['its export', ['sim/pdh_cert_export-2048.bin', 'sim/cek-2048.cert', 'sim/ask_ark-2048.cert']],
    ["the same, AMD's CEK first", ['sim/cek.cert', 'sim/ask_ark.cert', 'sim/pdh_cert_export.bin']],
    [
      'the same with roots of other generations',
      [
        'sim/pdh_cert_export.bin',
        'sim/cek.cert',
        'sim/ask_ark.cert',
        'certs/milan/ask.cert',
        'certs/milan/ark.cert',
        'certs/turin/ask.cert',
        'certs/turin/ark.cert',
      ],
    ],
  ])('is whole from %s', async (_name, files) => {
    const { whole, missing, problems } = await collectChain(await piecesOf(...files), simRoots());
    expect([missing, problems]).toEqual([[], []]);
    expect((await verifyCertChain(whole!, simRoots())).simulated).toBe(true);
  });

  it("says what PDH_CERT_EXPORT lacks: AMD's signature on the CEK, and AMD's certificates", async () => {
    const given = await piecesOf('sim/pdh_cert_export.bin', fromHex(chip_id));
    const { whole, missing, chipId } = await collectChain(given, AMD_ROOTS);
    expect([whole, chipId]).toEqual([undefined, chip_id]);
    expect(codes(missing)).toEqual(['CERT_CEK_UNSIGNED', 'CERT_CHAIN_INCOMPLETE']);
    expect(missing[0]?.next).toContain(`https://kdsintf.amd.com/cek/id/${chip_id}`);
    expect(missing[1]?.next).toContain('ask_ark_milan.cert');
  });

  it('says what is missing from nothing', async () => {
    const { missing, chain } = await collectChain([], AMD_ROOTS);
    expect(missing.map((error) => error.at)).toEqual(['pdh', 'pek', 'oca', 'cek', 'ask']);
    expect(Object.values(chain)).toEqual([]);
  });

  it("refuses AMD's CEK of another chip, and keeps the platform's own", async () => {
    const { chain, problems } = await collectChain(
      await piecesOf('sim/pdh_cert_export.bin', 'certs/naples/cek.cert'),
      AMD_ROOTS,
    );
    expect(codes(problems)).toEqual(['CERT_CEK_OTHER_CHIP']);
    expect(chain.cek?.bytes).toEqual(vectorBytes('sim/cek_unsigned.cert'));
  });

  it("takes AMD's copy of the CEK although the firmware names another API version than it", async () => {
    const exported = vectorBytes('sim/pdh_cert_export.bin').slice();
    const api = 3 * 2084 + 4;
    exported.set([exported[api]! + 1, exported[api + 1]! + 1], api);
    const { whole, problems } = await collectChain(
      await piecesOf(exported, 'sim/cek.cert', 'sim/ask_ark.cert'),
      simRoots(),
    );
    expect(problems).toEqual([]);
    expect(whole?.cek.bytes).toEqual(vectorBytes('sim/cek.cert'));
    expect((await verifyCertChain(whole!, simRoots())).simulated).toBe(true);
  });

  it('notices certificates of two platforms', async () => {
    const { problems } = await collectChain(
      await piecesOf('sim/full_chain.cert', 'certs/naples/full_chain.cert'),
      AMD_ROOTS,
    );
    // PDH, PEK, OCA, and two CEKs of which each fits one of the two.
    expect(codes(problems)).toEqual(['CERT_MIXED', 'CERT_MIXED', 'CERT_MIXED', 'CERT_MIXED']);
    const twice = await collectChain(await piecesOf('sim/full_chain.cert', 'sim/full_chain.cert'), AMD_ROOTS);
    expect(twice.problems).toEqual([]);
  });

  it('is drawn broken with what is known of the file: what it holds, and what it is in the place of', async () => {
    const page = await recognise(new TextEncoder().encode('<html><title>429 Slow down</title></html>'), 'cek.cert');
    const others = await piecesOf('sim/pdh.cert', 'sim/pek.cert', 'sim/oca.cert', 'sim/ask_ark.cert');
    const { chain, missing } = await collectChain([...page, ...others], simRoots());
    expect(missing).toEqual([]);
    expect((await inspectCertChain(chain, simRoots())).error?.sentence).toContain('429 Slow down');

    const whole = vectorBytes('sim/full_chain.cert');
    whole.set((await makeGodh('sevctl')).bytes);
    const godh = await collectChain(await piecesOf(whole), simRoots());
    expect((await inspectCertChain(godh.chain, simRoots())).error?.sentence).toContain('(GODH)');
  });

  it.each([
    ['sim/pdh.cert', 'ownership/pek_csr.cert', 'BYTES_SWAPPED', 'a request to sign a PEK'],
    ['sim/pdh.cert', 'ownership/pek_csr.signed.cert', 'BYTES_SWAPPED', 'a PEK that an owner has signed'],
    ['sim/pek.cert', new TextEncoder().encode('{"error": {"desc": "SEV is off"}}'), 'RELAY_QMP', 'SEV is off'],
  ])('names what was given where one is missing, beside %s', async (first, second, code, words) => {
    const { problems } = await collectChain(await piecesOf(first, second), AMD_ROOTS);
    expect(codes(problems)).toEqual([code]);
    expect(problems[0]?.sentence).toContain(words);
    const whole = await collectChain(await piecesOf('sim/full_chain.cert', second), AMD_ROOTS);
    expect(whole.problems).toEqual([]);
  });

  it("prefers Naples' ARK with its signature", async () => {
    const given = await piecesOf('certs/naples/full_chain.cert', 'certs/naples/ark_as_served.cert');
    const { whole } = await collectChain(given, AMD_ROOTS);
    expect(whole?.ark?.bytes.length).toBe(832);
    const served = await collectChain(await piecesOf('certs/naples/ark_as_served.cert'), AMD_ROOTS);
    expect(served.chain.ark?.bytes.length).toBe(576);
  });

  it('is drawn broken where one certificate cannot be read', async () => {
    const bytes = vectorBytes('certs/naples/full_chain.cert');
    bytes[3 * 2084 + 6] = 1;
    const { chain, whole, missing, problems } = await collectChain(await piecesOf(bytes), AMD_ROOTS);
    expect([whole, missing, codes(problems)]).toEqual([undefined, [], ['BYTES_RESERVED']]);
    const report = await inspectCertChain(chain, AMD_ROOTS);
    expect(report.error?.at).toBe('cek.reserved');
    expect(report.links.filter((link) => link.status === 'failed').map((link) => link.subject)).toEqual(['CEK']);
    const mended = await collectChain(await piecesOf(bytes, 'certs/naples/cek.cert'), AMD_ROOTS);
    expect(mended.whole).toBeDefined();
  });
});

describeWithVectors('What is asked for', () => {
  const swapped = async (input: string | Uint8Array, kind: PieceKind): Promise<string> => {
    try {
      return expectPiece(await piecesOf(input), kind).kind;
    } catch (error) {
      if (error instanceof SevError) return error.message;
      throw error;
    }
  };

  it('is taken out of all that was given', async () => {
    const pdh = expectPiece(await piecesOf('sim/full_chain.cert'), 'pdh');
    expect(pdh.cert.usage).toBe('PDH');
    expect(expectPiece(await piecesOf('sim/pdh.cert', 'sim/pdh.cert'), 'pdh').cert.bytes).toEqual(
      vectorBytes('sim/pdh.cert'),
    );
  });

  it.each<[string, string | Uint8Array, PieceKind, string]>([
    [
      'a PDH for a session',
      'sim/pdh.cert',
      'session',
      "BYTES_SWAPPED: This is a platform's PDH certificate; it belongs into the platform's chain.",
    ],
    [
      'a digest for a measurement',
      new Uint8Array(32).fill(255),
      'launch-measure',
      'BYTES_SWAPPED: This is a digest, or a measurement without its nonce; it belongs nowhere alone: give all 48 bytes.',
    ],
    [
      'a session for a GODH',
      new Uint8Array(128).fill(255),
      'godh',
      'BYTES_SWAPPED: This is a session blob; it belongs into session.',
    ],
    [
      'a signed request for a request',
      'ownership/pek_csr.signed.cert',
      'pek-csr',
      'BYTES_SWAPPED: This is a PEK that an owner has signed; it belongs under ownership, for the import.',
    ],
    [
      'a key for a certificate',
      'sim/owner.key.pem',
      'oca',
      'BYTES_SWAPPED: This is a private key; it belongs under ownership, and never to a host.',
    ],
  ])('is named when it is something else: %s', async (_name, input, kind, message) => {
    expect(await swapped(input, kind)).toBe(message);
  });

  it("is QEMU's own refusal where that was pasted", async () => {
    const line = new TextEncoder().encode('{"error": {"class": "GenericError", "desc": "SEV is not enabled"}}');
    expect(await swapped(line, 'launch-measure')).toBe('RELAY_QMP: QEMU refused the command: SEV is not enabled');
  });

  it('may be given once only', async () => {
    const both = await piecesOf('sim/pdh.cert', 'certs/naples/pdh.cert');
    expect(() => expectPiece(both, 'pdh')).toThrow('BYTES_VALUE');
    expect(() => expectPiece([], 'pdh')).toThrow('BYTES_UNKNOWN');
  });
});
