import { describe, expect, it } from 'vitest';
import { toHex } from '../../shared/bytes/text.ts';
import { sha256Sync } from '../../shared/crypto/sha256-stream.ts';
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

  it('takes sevctl’s options and shows registers under sevctl’s names', async () => {
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

describe('vmsa', () => {
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
    ['show', 'none'],
    ['show', 'SHORT'],
  ])('ends with 2 for %j', async (...args) => {
    const folder = new TestFolder();
    const paths: Record<string, string> = { OUT: folder.at('out'), SHORT: folder.write('short', new Uint8Array(4095)) };
    const { code, err } = await run('vmsa', ...args.map((arg) => paths[arg] ?? arg));
    expect(code, err).toBe(2);
    expect(() => folder.read('out')).toThrow();
  });
});
