import { describe, expect, it } from 'vitest';
import { toHex } from '../../shared/bytes/text.ts';
import { sha256Sync } from '../../shared/crypto/sha256-stream.ts';
import { entry, image, le, RESET } from '../../shared/testing/guest-images.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../shared/testing/vectors.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';

interface VmsaCase {
  readonly kind: string;
  readonly cpu: number;
  readonly sev_features: number;
  readonly signature: number;
  readonly reset_eip: number;
  readonly sha256: string;
}

const AMD_SEV = 'ovmf/ovmf_AmdSev_suffix.bin';
/** Where the vectors' AmdSev image starts its other CPUs. */
const AMD_SEV_EIP = 0x80b004;

describeWithVectors('vmsa, with the vectors', () => {
  it('builds every page, and knows it again', async () => {
    const { cases } = vectorJson<{ cases: readonly VmsaCase[] }>('vmsa.json');
    const fitting = cases.filter(({ reset_eip }) => reset_eip === AMD_SEV_EIP);
    expect(fitting.length).toBeGreaterThan(10);
    for (const given of fitting) {
      const folder = new TestFolder();
      const { code, err } = await run(
        ...['vmsa', 'build', folder.at('page'), '--cpu', String(given.cpu), '--variant', given.kind],
        ...['--cpu-signature', String(given.signature), '--firmware', folder.write('f', vectorBytes(AMD_SEV))],
        ...(given.sev_features ? ['--debug-swap'] : []),
      );
      expect(code, err).toBe(0);
      expect(toHex(sha256Sync(folder.read('page'))), JSON.stringify(given)).toBe(given.sha256);
      const { json } = await runJson<{ madeBy: readonly unknown[] }>('vmsa', 'show', folder.at('page'));
      expect(json.madeBy).toContainEqual({ variant: given.kind, cpu: given.cpu === 0 ? 'boot' : 'other' });
      folder.remove();
    }
  });

  it("takes sevctl's options and shows registers under sevctl's names", async () => {
    const folder = new TestFolder();
    const firmware = folder.write('f', vectorBytes(AMD_SEV));
    const cpu = ['--family', '25', '--model', '1', '--stepping', '1', '--firmware', firmware, '--userspace', 'qemu'];
    expect(await run('vmsa', 'build', folder.at('vmsa1.bin'), '--cpu', '1', ...cpu)).toMatchObject({ code: 0 });
    const { json } = await runJson('vmsa', 'show', folder.at('vmsa1.bin'));
    expect(json).toMatchObject({
      cs: { selector: 61_440, attrib: 155, limit: 65_535, base: 0x800000 },
      tr: { selector: 0, attrib: 139, limit: 65_535, base: 0 },
      efer: 4096,
      cr4: 64,
      cr0: 16,
      dr6: 4_294_905_840,
      rip: 0xb004,
      g_pat: 1_974_748_653_749_254,
      rdx: 10_489_617,
      xcr0: 1,
      start: '0x80b004',
    });
    const { out } = await run('vmsa', 'show', folder.at('vmsa1.bin'));
    expect(out).toContain('EPYC-Milan');
    expect(out).toContain('as made by qemu (other CPUs)');
  });
});

const imageStartingAt = (eip: number): Uint8Array => image([entry(RESET, le(eip))]);

describe('vmsa', () => {
  it("puts another CPU and another image's start into a page, as `sevctl vmsa update` does", async () => {
    const folder = new TestFolder();
    const [cpu, image] = [
      ['--cpu-model', 'EPYC-Genoa'],
      ['--firmware', folder.write('f', imageStartingAt(0x12345678))],
    ];
    const old = ['--cpu-model', 'EPYC', '--firmware', folder.write('old', imageStartingAt(0x80b004))];
    for (const number of ['0', '1']) {
      const [page, wanted] = [folder.at(`page${number}`), folder.at(`wanted${number}`)];
      await run('vmsa', 'build', page, '--cpu', number, '--userspace', 'qemu', ...old);
      await run('vmsa', 'build', wanted, '--cpu', number, '--userspace', 'qemu', ...cpu, ...image);
      const update = ['update', page, '--cpu', number, '--userspace', 'qemu'];
      const { json } = await runJson('vmsa', ...update, '--family', '25', '--model', '17', '--stepping', '0', ...image);
      expect(json).toMatchObject({ status: 'updated', file: page });
      expect(folder.read(`page${number}`)).toEqual(folder.read(`wanted${number}`));
    }
    const page = new Uint8Array(4096).fill(0xee);
    await run('vmsa', 'update', folder.write('strange', page), '--cpu', '0', '--cpu-signature', '0xa00f11');
    page.set([0x11, 0x0f, 0xa0, 0, 0, 0, 0, 0], 0x310);
    expect(folder.read('strange')).toEqual(page);
  });

  it('says where a page differs from the closest one that is known, and shows every named register in one type', async () => {
    const folder = new TestFolder();
    await run('vmsa', 'build', folder.at('page'), '--cpu', '0', '--cpu-model', 'EPYC');
    const page = folder.read('page');
    page[0x3f4] = 0xab;
    page[0x1f8 + 7] = 0xff;
    const strange = folder.write('strange', page);
    const { out } = await run('vmsa', 'show', strange);
    expect(out).toMatch(/closest to qemu[^,]*, with other bytes at 0x1ff, 0x3f4\n/);
    expect(out).toMatch(/^valid_bitmap {3}00000000ab0{22}$/m);
    const shown = await run('vmsa', 'show', strange, '--json');
    expect(shown.out).toContain('"rax": 18374686479671623680');
    expect(shown.out).toContain('"valid_bitmap": "00000000ab');
    const json = JSON.parse(shown.out) as Record<string, unknown>;
    for (const name of ['rax', 'rbx', 'cr0', 'g_pat', 'mxcsr']) expect(typeof json[name]).toBe('number');
    expect(json['closest']).toMatchObject({ differsAt: [0x1ff, 0x3f4] });
  });

  it('says what it does not know', async () => {
    const { out } = await run('vmsa', 'show', new TestFolder().write('page', new Uint8Array(4096).fill(0xff)));
    expect(out).toContain('as made by nobody known here');
    expect(out).toContain('0xffffffffffffffff');
  });

  it.each([
    [],
    ['build'],
    ['build', 'OUT'],
    ['make', 'OUT'],
    ['build', 'OUT', '--cpu', '0'],
    ['build', 'OUT', '--cpu', '1', '--cpu-model', 'EPYC'],
    ['build', 'OUT', '--cpu', '0', '--family', '25'],
    ['build', 'OUT', '--cpu', '0', '--cpu-model', 'EPYC', '--userspace', 'xen'],
    ['build', 'OUT', '--cpu', '0', '--cpu-model', 'EPYC', '--userspace', 'qemu', '--variant', 'qemu'],
    ['update', 'OUT', '--cpu', '0', '--cpu-model', 'EPYC'],
    ['update', 'SHORT', '--cpu', '0', '--cpu-model', 'EPYC'],
    ['update', 'PAGE', '--cpu-model', 'EPYC'],
    ['update', 'PAGE', '--cpu', '1'],
    ['update', 'PAGE', '--cpu', '0', '--firmware', 'SHORT'],
    ['show', 'none'],
    ['show', 'SHORT'],
  ])('ends with 2 for %j', async (...args) => {
    const folder = new TestFolder();
    const paths: Record<string, string> = {
      OUT: folder.at('out'),
      SHORT: folder.write('short', new Uint8Array(4095)),
      PAGE: folder.write('page', new Uint8Array(4096)),
    };
    const { code, err } = await run('vmsa', ...args.map((arg) => paths[arg] ?? arg));
    expect(code, err).toBe(2);
    expect(() => folder.read('out')).toThrow();
  });
});
