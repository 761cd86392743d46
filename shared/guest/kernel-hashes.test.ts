import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { describeWithVectors, vectorJson } from '../testing/vectors.ts';
import { encodeKernelHashes, hashKernel, parseKernelHashes } from './kernel-hashes.ts';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hashes = fc.record({ kernel: digest, initrd: digest, cmdline: digest });

describe('A table of kernel hashes', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(hashes, (value) => {
        expect(parseKernelHashes(encodeKernelHashes(value))).toEqual(value);
      }),
    );
  });

  it('is refused when a byte of its structure differs, or its length', () => {
    const zero = new Uint8Array(32);
    const table = encodeKernelHashes({ kernel: zero, initrd: zero, cmdline: zero });
    const inHash = (i: number) => [36, 86, 136].some((start) => i >= start && i < start + 32);
    for (let i = 0; i < table.length; i++) {
      const copy = table.slice();
      copy[i]! ^= 1;
      if (inHash(i)) expect(() => parseKernelHashes(copy)).not.toThrow();
      else expect(() => parseKernelHashes(copy)).toThrow(i < 168 ? 'BYTES_VALUE' : 'BYTES_RESERVED');
      expect(() => parseKernelHashes(table.subarray(0, i))).toThrow('BYTES_LENGTH');
    }
    expect(() => parseKernelHashes(concat(table, zero))).toThrow('BYTES_LENGTH');
    expect(() => encodeKernelHashes({ kernel: zero, initrd: zero, cmdline: new Uint8Array(31) })).toThrow(
      'BYTES_LENGTH',
    );
  });

  it('has the hash of nothing for no initrd, and of one NUL for no command line', async () => {
    const { initrd, cmdline } = await hashKernel({ kernel: new Uint8Array() });
    expect(toHex(initrd)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(toHex(cmdline)).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  });
});

interface Vectors {
  cases: { kernel: string; initrd: string; cmdline: string; table: string }[];
}

describeWithVectors('The vectors of kernel-hashes.json', () => {
  it.each(vectorJson<Vectors>('kernel-hashes.json').cases)('%# have our table', async (vector) => {
    const files = { kernel: fromHex(vector.kernel), initrd: fromHex(vector.initrd), cmdline: vector.cmdline };
    expect(toHex(encodeKernelHashes(await hashKernel(files)))).toBe(vector.table);
  });
});
