import { describe, expect, it } from 'vitest';
import { buildVmsa, VMSA_VARIANTS, vmsaSequence } from './vmsa.ts';
import { requireVmsaPlaces, vmsaPagesInPlace } from './vmsa-files.ts';

const settings = { cpuSignature: 0xa00f11, resetEip: 0x80b004 };
const boot = buildVmsa({ ...settings, variant: 'qemu' }, 'boot');
const others = buildVmsa({ ...settings, variant: 'qemu' }, 'other');

/** A page of a maker that is not known here. */
function foreign(page: Uint8Array, mark = 1): Uint8Array {
  const changed = page.slice();
  changed[0x500] = mark;
  return changed;
}

describe('VMSA pages from files', () => {
  it.each(VMSA_VARIANTS)('are taken in their places: %s', (variant) => {
    const pages = {
      boot: buildVmsa({ ...settings, variant }, 'boot'),
      others: buildVmsa({ ...settings, variant }, 'other'),
    };
    expect(vmsaSequence(vmsaPagesInPlace(3, pages))).toEqual([pages.boot, pages.others, pages.others]);
    expect(() => vmsaPagesInPlace(2, { boot: pages.others, others: pages.boot })).toThrow(
      'MEASURE_VMSA at vmsa.boot: The VMSA pages cannot be the ones of this launch. The two pages are swapped.',
    );
    expect(() => requireVmsaPlaces({ boot: pages.others })).toThrow('It is a page of the other processors.');
    expect(() => requireVmsaPlaces({ others: pages.boot })).toThrow('It is a page of a boot processor.');
  });

  it('of an unknown maker are told as swapped, and as one and the same', () => {
    expect(vmsaPagesInPlace(2, { boot: foreign(boot), others: foreign(others) }).vcpus).toBe(2);
    expect(() => requireVmsaPlaces({ boot: foreign(others), others: foreign(boot) })).toThrow('swapped');
    expect(() => requireVmsaPlaces({ boot: foreign(boot), others: foreign(boot) })).toThrow(
      'It is the same page as the one of the boot processor.',
    );
  });

  it('of an unknown maker may start anywhere', () => {
    requireVmsaPlaces({ boot: foreign(others) });
    requireVmsaPlaces({ boot: foreign(boot), others: foreign(boot, 2) });
    requireVmsaPlaces({ boot: foreign(others), others: foreign(others, 2) });
  });

  it.each([0, 4095, 4097])('have 4,096 bytes, not %d', (size) => {
    expect(() => requireVmsaPlaces({ boot: new Uint8Array(size) })).toThrow('BYTES_LENGTH at vmsa.boot');
    expect(() => requireVmsaPlaces({ others: new Uint8Array(size) })).toThrow('BYTES_LENGTH at vmsa.others');
  });

  it('are all there for the CPUs of the launch', () => {
    expect(vmsaPagesInPlace(1, { boot })).toEqual({ boot, vcpus: 1 });
    expect(() => vmsaPagesInPlace(1, { others })).toThrow('There is no page for the boot processor.');
    expect(() => vmsaPagesInPlace(2, { boot })).toThrow('MEASURE_VCPUS');
  });
});
