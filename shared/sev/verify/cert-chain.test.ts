import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeWithVectors, vectorBytes, vectorJson, vectorPaths } from '../../testing/vectors.ts';
import { simRoots } from '../../testing/sim-roots.ts';
import { SevError } from '../../errors.ts';
import { parseCertChain, parseCaPair, SEV_CHAIN_SIZE } from '../formats/cert-chain.ts';
import { parseCaCert } from '../formats/ca-cert.ts';
import { AMD_ROOTS } from '../../trust/amd-roots.ts';
import type { PinnedRoot } from '../../trust/pinned-root.ts';
import { type ChainReport, inspectCertChain, inspectChainBytes, verifyCertChain } from './cert-chain.ts';
import { sevctlTree, sevctlVerifyText } from './sevctl-tree.ts';

interface Negative {
  file: string;
  why: string;
  trust: string;
}
/** What each file of negative/ is refused with: the code, and the place of the fault. */
const REFUSALS: Record<string, string> = {
  'algo-pdh': 'CERT_ALGORITHM at pdh.algorithm',
  'ark-half-id': 'CERT_KEY_ID at ark.certifyingKeyId',
  'ask-certifying-id': 'CERT_KEY_ID at ask.certifyingKeyId',
  'cek-big-endian': 'CERT_SIGNATURE at cek.signature1',
  'cek-of-another-chip': 'CERT_SIGNATURE at pek.signature2',
  'cek-pkcs1': 'CERT_SIGNATURE at cek.signature1',
  'cek-pss-salt': 'CERT_SIGNATURE at cek.signature1',
  'cek-unsigned': 'CERT_CEK_UNSIGNED at cek',
  'flip-ark-004': 'CERT_KEY_ID at ark.keyId',
  'flip-ark-150': 'CERT_ROOT_UNKNOWN at ark',
  'flip-ark-250': 'CERT_SIGNATURE at ark.signature',
  'flip-ask-010': 'CERT_SIGNATURE at ask.signature',
  'flip-ask-250': 'CERT_SIGNATURE at ask.signature',
  'flip-cek-005': 'CERT_SIGNATURE at cek.signature1',
  'flip-cek-420': 'CERT_SIGNATURE at cek.signature1',
  'flip-oca-005': 'CERT_SIGNATURE at oca.signature1',
  'flip-pdh-020': 'CERT_POINT at pdh.publicKey',
  'flip-pdh-050': 'BYTES_RESERVED at pdh.publicKey.x.high',
  'flip-pek-005': 'CERT_SIGNATURE at pek.signature1',
  'flip-pek-41c': 'CERT_SIGNATURE at pek.signature1',
  'flip-pek-624': 'CERT_SIGNATURE at pek.signature2',
  'forged-root': 'CERT_ROOT_UNKNOWN at ark',
  'half-empty-slot': 'CERT_SLOT at cek.signature2',
  'highbytes-pdh': 'BYTES_RESERVED at pdh.publicKey.x.high',
  'keypad-pdh': 'BYTES_RESERVED at pdh.publicKey.padding',
  'no-ca': 'CERT_CHAIN_INCOMPLETE at ark',
  'oca-not-self': 'CERT_SIGNATURE at oca.signature1',
  'offcurve-pdh': 'CERT_POINT at pdh.publicKey',
  'p256-pdh': 'CERT_KEY at pdh.publicKey.curve',
  'pdh-by-oca': 'CERT_SLOT at pdh',
  'pek-cek-twice': 'CERT_SLOT at pek',
  'pek-slot-algo': 'CERT_ALGORITHM at pek.signature2.algorithm',
  'pek-slot-label': 'CERT_SLOT at pek.signature2',
  'pek-without-cek': 'CERT_SLOT at pek',
  'pek-without-oca': 'CERT_SLOT at pek',
  'reserved-pek': 'BYTES_RESERVED at pek.reserved',
  short: 'BYTES_LENGTH',
  'sig-padding': 'BYTES_RESERVED at pdh.signature1.padding',
  'swapped-ask-ark': 'CERT_USAGE at ask',
  'swapped-pek-oca': 'CERT_USAGE at pek',
  'test-root': 'CERT_ROOT_UNKNOWN at ark',
  trailing: 'BYTES_LENGTH',
  'unused-slot-bytes': 'CERT_SLOT at pdh.signature2',
  'version2-pek': 'CERT_VERSION at pek.version',
};
const NO_ROOTS: readonly PinnedRoot[] = [];

const refusal = async (act: () => Promise<unknown>): Promise<SevError> => {
  try {
    await act();
  } catch (error) {
    if (error instanceof SevError) return error;
    throw error;
  }
  throw new Error('accepted');
};
const linksBy = (report: ChainReport, status: string): string[] =>
  report.links.filter((link) => link.status === status).map((link) => `${link.signer}→${link.subject}`);

describeWithVectors('The chain of a real Naples platform', () => {
  const naples = vectorBytes('certs/naples/full_chain.cert');
  const chain = parseCertChain(naples);
  const expected = vectorJson<{ naples_chain: { sevctl_tree: string } }>('certs.json').naples_chain;

  it("is genuine: its PDH may be trusted under AMD's root", async () => {
    const trusted = await verifyCertChain(chain, AMD_ROOTS);
    expect([trusted.generation, trusted.simulated, trusted.root.name]).toEqual(['naples', false, 'Naples (EPYC 7001)']);
    expect(trusted.pdh.bytes).toEqual(vectorBytes('certs/naples/pdh.cert'));
    expect(trusted.pdhId).toBe('dbec0cf343b140dc7ded571935e8d0ec8059fd1610ddb3c79eb177e7cd3878a2');
    expect(trusted.ocaId).toBe('70bb8f3702b22e848ef7a5dac704186ee80a889273443b4b5466da9405d4cc03');
  });

  it('reports every link as verified and proven', async () => {
    const report = await inspectCertChain(chain, AMD_ROOTS);
    expect(report.status).toBe('genuine');
    expect(report.notes).toEqual([]);
    expect(report.links.map((link) => [link.status, link.proven])).toEqual(new Array(7).fill(['verified', true]));
  });

  it('is printed as sevctl prints it', async () => {
    const report = await inspectCertChain(chain, AMD_ROOTS);
    expect(sevctlTree(report)).toBe(expected.sevctl_tree);
    expect(sevctlVerifyText(report)).toContain(
      '\n\n • = self signed, ⬑ = signs, •̷ = invalid self sign, ⬑̸ = invalid signs',
    );
  });

  it('is genuine with the ARK as AMD serves it, which the pin alone vouches for', async () => {
    const ark = parseCaCert(vectorBytes('certs/naples/ark_as_served.cert'));
    expect((await inspectCertChain({ ...chain, ark }, AMD_ROOTS)).status).toBe('genuine');
  });

  it('is genuine with the ARK as sev-tool writes it: zeros where AMD serves no signature', async () => {
    const ark = parseCaCert(vectorBytes('certs/naples/ark.cert').fill(0, 576));
    expect((await inspectCertChain({ ...chain, ark }, AMD_ROOTS)).status).toBe('genuine');
    const nearly = parseCaCert(vectorBytes('certs/naples/ark.cert').fill(0, 577));
    expect((await inspectCertChain({ ...chain, ark: nearly }, AMD_ROOTS)).error?.at).toBe('ark.signature');
    const ask = parseCaCert(vectorBytes('certs/naples/ask.cert').fill(0, 576));
    expect((await inspectCertChain({ ...chain, ask }, AMD_ROOTS)).error?.at).toBe('ask.signature');
  });

  it('is refused without the pin of Naples', async () => {
    const others = AMD_ROOTS.filter((root) => root.generation !== 'naples');
    expect((await refusal(() => verifyCertChain(chain, others))).code).toBe('CERT_ROOT_UNKNOWN');
    expect((await refusal(() => verifyCertChain(chain, NO_ROOTS))).code).toBe('CERT_ROOT_UNKNOWN');
  });

  it('takes the two signatures of the PEK in either order', async () => {
    const other = naples.slice();
    const pek = naples.subarray(2084, 4168);
    other.set(pek.subarray(0x61c), 2084 + 0x414);
    other.set(pek.subarray(0x414, 0x61c), 2084 + 0x61c);
    expect((await inspectChainBytes(other, AMD_ROOTS)).status).toBe('genuine');
  });

  it("may carry an unusual ASK, if AMD's root signed it, and says so", async () => {
    const pins = AMD_ROOTS.map((root) => ({ ...root, ask: { keyId: '', keySha256: '' } }));
    const report = await inspectCertChain(chain, pins);
    expect(report.status).toBe('genuine');
    expect(report.notes).toHaveLength(1);
  });

  it('does not believe fields that differ from the bytes', async () => {
    const pdh = { ...chain.pdh, publicKey: chain.pek.publicKey };
    const trusted = await verifyCertChain({ ...chain, pdh }, AMD_ROOTS);
    expect(trusted.pdh.publicKey).toEqual(chain.pdh.publicKey);
    const swapped = await inspectCertChain({ ...chain, pdh: chain.pek }, AMD_ROOTS);
    expect(swapped.error?.message).toContain('CERT_USAGE at pdh');
  });

  // The bounds of every field of a SEV certificate, and one offset within the longer ones.
  const SEV_OFFSETS = [
    0, 3, 4, 5, 6, 7, 8, 0xb, 0xc, 0xf, 0x10, 0x13, 0x14, 0x30, 0x43, 0x44, 0x5b, 0x5c, 0x8b, 0x8c, 0xa3,
  ]
    .concat([
      0xa4, 0x200, 0x413, 0x414, 0x415, 0x417, 0x418, 0x41b, 0x41c, 0x44b, 0x44c, 0x463, 0x464, 0x493, 0x494, 0x4ab,
    ])
    .concat([0x4ac, 0x51b, 0x51c, 0x61b, 0x61c, 0x61d, 0x620, 0x623, 0x624, 0x653, 0x654, 0x66c, 0x69b, 0x69c, 0x823]);
  const CA_OFFSETS = [
    0, 3, 4, 19, 20, 35, 36, 39, 40, 55, 56, 59, 60, 63, 64, 66, 67, 319, 320, 448, 575, 576, 700, 831,
  ];
  const NAMES = ['PDH', 'PEK', 'OCA', 'CEK', 'ASK', 'ARK'] as const;
  const STARTS = [0, 2084, 4168, 6252, 8336, 9168];
  const offsets = NAMES.flatMap((name, i) =>
    (i < 4 ? SEV_OFFSETS : CA_OFFSETS).map((offset) => [name, STARTS[i]! + offset] as const),
  );

  const refusesChange = async (offset: number, flip: number): Promise<void> => {
    const bytes = naples.slice();
    bytes[offset]! ^= flip;
    const report = await inspectChainBytes(bytes, AMD_ROOTS);
    const name = NAMES[STARTS.findLastIndex((start) => start <= offset)]!;
    const broken = report.links.filter((link) => link.status === 'failed' && link.subject === name);
    expect([offset, report.status, report.trusted, broken.length > 0]).toEqual([offset, 'refused', undefined, true]);
    expect(report.error?.sentence).not.toBe('');
  };

  it('is refused when one byte is changed at any kind of place, naming the link that broke', async () => {
    for (const [, offset] of offsets) await refusesChange(offset, 1);
  });

  it('is refused when any bit is changed anywhere', async () => {
    const bit = fc.integer({ min: 0, max: 7 }).map((n) => 1 << n);
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: naples.length - 1 }), bit, refusesChange), {
      numRuns: 150,
    });
  });
});

describeWithVectors('A chain that must be refused', () => {
  const cases = vectorJson<{ cases: Negative[] }>('negative-chains.json').cases;
  const rootsFor = ({ trust }: Negative): readonly PinnedRoot[] => (trust.includes('AMD') ? AMD_ROOTS : simRoots());

  it('comes with every file of the folder', () => {
    expect(cases.map(({ file }) => file).sort()).toEqual([...vectorPaths('negative')].sort());
    expect(
      cases.filter(({ trust }) => !/^pinned (AMD roots|(2048-bit )?test roots \(sim\.json\))$/.test(trust)),
    ).toEqual([]);
  });

  it.each(cases)('$file: $why', async (negative) => {
    const bytes = vectorBytes(negative.file);
    const error = await refusal(async () => verifyCertChain(parseCertChain(bytes), rootsFor(negative)));
    expect(error.message.split(': ')[0]).toBe(REFUSALS[/negative\/(.*)\.chain/.exec(negative.file)?.[1] ?? '']);
    expect(error.next).not.toBe('');
  });
});

describeWithVectors('A chain of the simulated platform', () => {
  const chain = parseCertChain(vectorBytes('sim/full_chain.cert'));

  it.each(['sim/full_chain.cert', 'sim/full_chain-2048.cert', 'ownership/full_chain_after.cert'])(
    'is simulated and never genuine: %s',
    async (file) => {
      const report = await inspectChainBytes(vectorBytes(file), simRoots());
      expect([report.status, report.generation]).toEqual(['simulated', 'simulated']);
      expect(report.trusted?.simulated).toBe(true);
    },
  );

  it("may not lack its ARK's signature: that is for Naples alone", async () => {
    const short = parseCertChain(vectorBytes('sim/full_chain-2048.cert').subarray(0, -256));
    expect((await refusal(() => verifyCertChain(short, simRoots()))).message).toContain(
      'CERT_SIGNATURE at ark.signature',
    );
  });

  it('says that the CEK has no signature yet, and where AMD keeps the signed one', async () => {
    const unsigned = parseCertChain(vectorBytes('negative/cek-unsigned.chain'));
    const { chip_id } = vectorJson<{ chip_id: string }>('sim.json');
    const plain = await refusal(() => verifyCertChain(unsigned, simRoots()));
    expect(plain.code).toBe('CERT_CEK_UNSIGNED');
    const hinted = await refusal(() => verifyCertChain(unsigned, simRoots(), { chipId: chip_id.toUpperCase() }));
    expect(hinted.next).toContain(`https://kdsintf.amd.com/cek/id/${chip_id}`);
  });

  it('tells links that hold from links that prove something', async () => {
    const report = await inspectCertChain(chain, AMD_ROOTS);
    expect(linksBy(report, 'failed')).toEqual(['ARK→ARK']);
    expect(report.links.filter((link) => link.proven).map((link) => link.subject)).toEqual(['OCA', 'PEK']);
    expect(report.links.at(-1)?.sentence).toContain('this proves nothing');
    expect(sevctlTree(report)).toContain('•\u0337⬑ ARK');
  });
});

describeWithVectors('A chain that is not whole', () => {
  const sev = vectorBytes('certs/naples/full_chain.cert').subarray(0, SEV_CHAIN_SIZE);
  const { ask, ark, ...rest } = parseCertChain(vectorBytes('certs/naples/full_chain.cert'));

  it("is incomplete without AMD's certificates, and says where Naples' are", async () => {
    const error = await refusal(() => verifyCertChain(rest, AMD_ROOTS));
    expect(error.code).toBe('CERT_CHAIN_INCOMPLETE');
    expect(error.next).toContain('https://download.amd.com/developer/eula/sev/ask_ark_naples.cert');
  });

  it('tells later generations from Naples by how AMD signed the CEK', async () => {
    const { ask: _ask, ark: _ark, ...later } = parseCertChain(vectorBytes('sim/full_chain.cert'));
    const { next } = await refusal(() => verifyCertChain(later, AMD_ROOTS));
    for (const name of ['rome', 'milan', 'genoa', 'turin']) expect(next).toContain(`ask_ark_${name}.cert`);
    expect(next).not.toContain('naples');
  });

  it('tells the generation by the ASK alone', async () => {
    const milan = parseCaCert(vectorBytes('certs/milan/ask.cert'));
    const report = await inspectCertChain({ ...rest, ask: milan }, AMD_ROOTS);
    expect(report.generation).toBe('milan');
    expect(report.error?.next).toContain('ask_ark_milan.cert');
  });

  it('leaves every link unchecked that needs what is missing', async () => {
    const report = await inspectChainBytes(sev, AMD_ROOTS);
    expect(report.status).toBe('refused');
    expect(linksBy(report, 'unchecked')).toEqual(['ARK→ARK', 'ARK→ASK', 'ASK→CEK']);
    expect(linksBy(report, 'verified')).toEqual(['OCA→OCA', 'OCA→PEK', 'CEK→PEK', 'PEK→PDH']);
    expect(report.links.filter((link) => link.proven).map((link) => link.signer)).toEqual(['OCA', 'OCA']);
  });

  it('can be looked at from its very first certificate', async () => {
    expect((await inspectCertChain({}, AMD_ROOTS)).links.every((link) => link.status === 'unchecked')).toBe(true);
    const report = await inspectCertChain({ pdh: rest.pdh, ask, ark }, AMD_ROOTS);
    expect(linksBy(report, 'verified')).toEqual(['ARK→ARK', 'ARK→ASK']);
    expect(report.certificates.map((cert) => cert.name)).toEqual(['PDH', 'ASK', 'ARK']);
  });

  it('keeps its shape when one certificate cannot be read', async () => {
    const bytes = vectorBytes('certs/naples/full_chain.cert');
    bytes[2084] = 9;
    const report = await inspectChainBytes(bytes, AMD_ROOTS);
    expect(linksBy(report, 'failed')).toEqual(['OCA→PEK', 'CEK→PEK']);
    expect(report.links.at(-1)?.sentence).toBe('Not checked: the PEK cannot be read.');
    expect(report.error?.message).toContain('CERT_VERSION at pek.version');
  });

  it("is refused with another generation's ASK and ARK", async () => {
    const milan = {
      ask: parseCaCert(vectorBytes('certs/milan/ask.cert')),
      ark: parseCaCert(vectorBytes('certs/milan/ark.cert')),
    };
    const error = await refusal(() => verifyCertChain({ ...rest, ...milan }, AMD_ROOTS));
    expect(error.message).toContain('CERT_ALGORITHM at cek.signature1');
    expect(error.next).toContain("this platform's own generation");
    expect(error.next).toContain('those of Milan (EPYC 7003)');
    expect(error.sentence).toContain("as only Naples' does");
  });
});

describeWithVectors("AMD's roots", () => {
  it.each(['naples', 'milan', 'genoa', 'turin'])('vouch for their ASK: %s', async (generation) => {
    const [ask, ark] = ['ask', 'ark'].map((name) => parseCaCert(vectorBytes(`certs/${generation}/${name}.cert`)));
    const report = await inspectCertChain({ ask, ark }, AMD_ROOTS);
    expect(linksBy(report, 'verified')).toEqual(['ARK→ARK', 'ARK→ASK']);
    expect(report.generation).toBe(generation);
  });

  it('do not take a forged root for theirs, whatever id it carries', async () => {
    const { ask, ark } = parseCaPair(vectorBytes('negative/forged-root.chain').subarray(SEV_CHAIN_SIZE));
    const report = await inspectCertChain({ ask, ark }, AMD_ROOTS);
    expect(report.error?.code).toBe('CERT_ROOT_UNKNOWN');
    expect(report.error?.sentence).toContain('but not its key');
    expect(report.generation).toBeUndefined();
  });
});

describe('Pinned roots', () => {
  it('are five, each with a key of its own', () => {
    expect(AMD_ROOTS.map((root) => root.generation)).toEqual(['naples', 'rome', 'milan', 'genoa', 'turin']);
    const hashes = AMD_ROOTS.flatMap((root) => [root.keySha256, root.ask.keySha256]);
    expect(new Set(hashes).size).toBe(10);
    expect(hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash))).toBe(true);
    expect(AMD_ROOTS.some((root) => root.simulated)).toBe(false);
  });
});
