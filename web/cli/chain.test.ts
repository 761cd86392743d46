import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeWithVectors, vectorBytes, vectorJson, vectorPaths } from '../../shared/testing/vectors.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';
import { fullChain, simulatedPlatform } from './testing/simulated-platform.ts';

interface ChainJson {
  readonly status: string;
  readonly generation?: string;
  readonly error?: { readonly code: string; readonly next: string };
  readonly certificates: readonly { readonly name: string; readonly line: string }[];
  readonly links: readonly { readonly status: string }[];
}

const NAMES = ['pdh', 'pek', 'oca', 'cek', 'ask', 'ark'];

describeWithVectors('chain, with real certificates', () => {
  const copy = (folder: TestFolder, name: string, as = name.replace(/.*\//, '')): string =>
    folder.write(as, vectorBytes(name));

  it('verifies a folder, an export and single files alike, with the lines of sevctl', async () => {
    const folder = new TestFolder();
    for (const name of NAMES) copy(folder, `certs/naples/${name}.cert`);
    const files = NAMES.map((name) => folder.at(`${name}.cert`));
    const other = new TestFolder();
    const full = copy(other, 'certs/naples/full_chain.cert', 'export');
    const [byFolder, byFiles, byExport] = [
      await runJson<ChainJson>('chain', folder.path),
      await runJson<ChainJson>('chain', ...files),
      await runJson<ChainJson>('chain', full),
    ];
    const known = JSON.stringify(vectorJson('certs.json'));
    for (const { code, json } of [byFolder, byFiles, byExport]) {
      expect(code).toBe(0);
      expect(json).toMatchObject({ status: 'genuine', generation: 'naples' });
      for (const { line } of json.certificates) expect(known).toContain(line.split(' ').at(-1));
      expect(json.links.every(({ status }) => status === 'verified')).toBe(true);
    }
    const { out } = await run('chain', full);
    expect(out).toMatch(/^GENUINE: .*Naples/);
    expect(out).toContain("The root key (ARK) is AMD's for Naples");
    expect(out).toContain('that the version of its SEV firmware tells of: CVE-2019-9836.');
    expect(out).toMatch(/that no attestation tells of: .*arXiv:1908\.11680/);
    expect(byExport.json).toMatchObject({
      advisories: expect.arrayContaining([expect.objectContaining({ code: 'ADVISORY_CVE-2019-9836' })]) as unknown,
    });
    for (const { line } of byExport.json.certificates) expect(out).toContain(line);
  });

  it("takes AMD's file apart from the platform's, and says where to get it", async () => {
    const folder = new TestFolder();
    const platform = NAMES.slice(0, 4).map((name) => copy(folder, `certs/naples/${name}.cert`));
    const without = await runJson<ChainJson>('chain', ...platform);
    expect(without.code).toBe(1);
    expect(without.json.error).toMatchObject({ code: 'CERT_CHAIN_INCOMPLETE' });
    expect(without.json.error!.next).toContain('ask_ark_naples.cert');
    const ca = folder.write(
      'ca',
      Buffer.concat(['ask', 'ark'].map((name) => vectorBytes(`certs/naples/${name}.cert`))),
    );
    expect(await run('chain', ...platform, '--ca', ca)).toMatchObject({ code: 0 });
    const milan = folder.write(
      'milan',
      Buffer.concat(['ask', 'ark'].map((name) => vectorBytes(`certs/milan/${name}.cert`))),
    );
    expect(await run('chain', ...platform, '--ca', milan)).toMatchObject({ code: 1 });
    expect(await runJson('chain', ...platform, '--ca', platform[0]!)).toMatchObject({
      code: 2,
      json: { error: { code: 'BYTES_SWAPPED' } },
    });
  });

  it('refuses to choose between two platforms, and tells which of several files is broken', async () => {
    const folder = new TestFolder();
    const full = copy(folder, 'certs/naples/full_chain.cert');
    const other = copy(folder, 'sim/pdh.cert', 'other.cert');
    const mixed = await runJson<ChainJson>('chain', full, other);
    expect(mixed).toMatchObject({ code: 1, json: { status: 'refused', error: { code: 'CERT_MIXED' } } });
    const cut = folder.write('cut.cert', vectorBytes('certs/naples/full_chain.cert').subarray(0, 9000));
    expect(await runJson('chain', full, cut)).toMatchObject({
      code: 2,
      json: { error: { at: `${cut}: ask.signature` } },
    });
  });

  it('takes a folder as sev-tool leaves it: an ARK filled up with zeros, and prints for people', async () => {
    const folder = new TestFolder();
    for (const name of NAMES) copy(folder, `certs/naples/${name}.cert`);
    folder.write('ark.cert', vectorBytes('certs/naples/ark.cert').fill(0, 576));
    folder.write('pdh_readable.txt', 'Version:       00000001\npub_key_usage: 00001003\npub_key:\n02 00 ');
    folder.write('notes.json', '{');
    folder.write('empty', '');
    expect(await runJson('chain', folder.path)).toMatchObject({ code: 0, json: { status: 'genuine' } });
  });

  it('pins the owner', async () => {
    const folder = new TestFolder();
    const full = copy(folder, 'certs/naples/full_chain.cert');
    expect(await run('chain', full, '--oca', copy(folder, 'certs/naples/oca.cert'))).toMatchObject({ code: 0 });
    const { code, json } = await runJson<ChainJson>('chain', full, '--oca', copy(folder, 'sim/oca.cert', 'other'));
    expect(code).toBe(1);
    expect(json).toMatchObject({ status: 'refused', error: { code: 'CERT_OWNER_UNEXPECTED' } });
  });

  it.each(vectorPaths('negative'))('refuses %s', async (path) => {
    const { code } = await run('chain', new TestFolder().write('chain', vectorBytes(path)));
    expect(code).toBeGreaterThan(0);
  });
});

describe('chain', () => {
  it('never calls a simulated platform genuine', async () => {
    const { chain } = await simulatedPlatform(new TestFolder());
    const refused = await runJson<ChainJson>('chain', chain);
    expect(refused.code).toBe(1);
    expect(refused.json).toMatchObject({ status: 'refused', error: { code: 'CERT_ROOT_UNKNOWN' } });
    const taken = await runJson<ChainJson>('chain', chain, '--simulated');
    expect(taken).toMatchObject({ code: 0, json: { status: 'simulated' } });
    expect((await run('chain', chain, '--simulated')).out).toMatch(/^SIMULATED/);
    const { out } = await run('chain', chain);
    expect(out).toContain("The root key (ARK) is the published test root, which is not AMD's.");
    expect(out).not.toContain('Known weaknesses');
    expect((await run('chain', chain)).out).toMatch(/^REFUSED\nCERT_ROOT_UNKNOWN.*SIMULATED/);
  });

  it('draws the tree although a certificate is broken, and refuses', async () => {
    const folder = new TestFolder();
    const { amdSp } = await simulatedPlatform(folder);
    const bytes = fullChain(amdSp);
    bytes[2084 + 0x18]! ^= 1;
    const { code, json } = await runJson<ChainJson>('chain', folder.write('bad', bytes), '--simulated');
    expect(code).toBe(1);
    expect(json.links.some(({ status }) => status === 'verified')).toBe(true);
    expect(json.links.some(({ status }) => status !== 'verified')).toBe(true);
  });

  it('says what was given where there is no certificate at all, and never that a chain is incomplete', async () => {
    const folder = new TestFolder();
    await run('oca', 'generate', folder.at('oca.cert'), folder.at('oca.key'));
    for (const [name, bytes, words] of [
      ['report', new Uint8Array(208).fill(0xc7), 'This is an attestation report'],
      ['blob', new Uint8Array(128).fill(0xc7), 'This is a session blob'],
      ['measurement', new Uint8Array(48).fill(0xc7), 'This is a launch measurement'],
      ['vm_tik.bin', new Uint8Array(16).fill(0xc7), 'This is a transport key'],
      ['owner.pem', folder.read('oca.key'), 'This is a private key; it belongs under ownership, and never to a host.'],
      ['id', new Uint8Array(64).fill(0xc7), "This is a chip's id"],
    ] as const) {
      const { code, err } = await run('chain', folder.write(name, bytes));
      expect([name, code, err]).toEqual([name, 2, expect.stringContaining(words)]);
      expect(err).not.toContain('INCOMPLETE');
    }
  });

  it('tells CEKs of two chips apart where no export says which is meant', async () => {
    const [folder, other] = [new TestFolder(), new TestFolder()];
    const { chain } = await simulatedPlatform(folder);
    const foreign = await simulatedPlatform(other);
    const { code, json } = await runJson<ChainJson>(
      'chain',
      chain,
      other.write('cek', foreign.amdSp.amdCek()),
      '--simulated',
    );
    expect([code, json.error?.code]).toEqual([1, 'CERT_MIXED']);
  });

  it('passes over what is nothing known in a folder, but not a folder of nothing', async () => {
    const folder = new TestFolder();
    const { chain } = await simulatedPlatform(folder);
    folder.write('notes.txt', 'call the operator');
    folder.write('empty', '');
    folder.write('image', new Uint8Array(2 << 20));
    mkdirSync(folder.at('sub'));
    expect(await run('chain', folder.path, '--simulated')).toMatchObject({ code: 0 });
    expect(await run('chain', chain, folder.at('notes.txt'), '--simulated')).toMatchObject({ code: 2 });
    expect((await run('chain', folder.at('sub'))).err).toContain('Nothing in this folder');
  });

  it.each([[[]], [['none']], [['--unknown']], [['.', '--ca', 'none']]])('ends with 2 for %j', async (args) => {
    expect((await run('chain', ...args)).code).toBe(2);
  });
});
