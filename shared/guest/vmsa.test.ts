import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../bytes/text.ts';
import { sha256Sync } from '../crypto/sha256-stream.ts';
import { describeWithVectors, vectorJson } from '../testing/vectors.ts';
import { CPU_MODELS, cpuSignature, cpuVersion, readCpu, showSignature, signatureOfModel } from './cpu-signature.ts';
import { readVmsa } from './vmsa-reading.ts';
import {
  buildVmsa,
  buildVmsaPages,
  VMSA_VARIANTS,
  vmsaPagesFromFiles,
  vmsaSequence,
  type VmsaVariant,
} from './vmsa.ts';

const settings = { variant: 'qemu', cpuSignature: 0xa00f11, resetEip: 0x80b004 } as const;

describe('A CPU signature', () => {
  it('is known by every name that QEMU has for it', () => {
    expect(signatureOfModel('EPYC-v4')).toBe(0x800f12);
    expect(signatureOfModel('EPYC-IBPB')).toBe(0x800f12);
    expect(signatureOfModel('EPYC-Milan-v2')).toBe(0xa00f11);
    expect(CPU_MODELS.map(({ name }) => signatureOfModel(name).toString(16))).toEqual([
      '800f12',
      '830f10',
      'a00f11',
      'a10f10',
      'b00f00',
      '900f01',
    ]);
  });

  it.each(['host', 'max', 'EPYC-v0', 'EPYC-', 'EPYC-Milan-IBPB', 'EPYC-IBPB-IBPB', 'Skylake-Server', ''])(
    'is not made up for %j',
    (name) => {
      expect(() => signatureOfModel(name)).toThrow('MEASURE_CPU');
    },
  );

  it.each([
    ['EPYC-Genoa-v2', 0xa10f10],
    ['0xa10f11', 0xa10f11],
    [' 0xA10F11 ', 0xa10f11],
    ['25/17/1', 0xa10f11],
    ['family 25, model 17, stepping 1', 0xa10f11],
    ["family='25' model='17' stepping='1'", 0xa10f11],
    ['23 49 0', 0x830f10],
  ])('is read from what a person says: %j', (text, signature) => {
    expect(readCpu(text)).toBe(signature);
  });

  it.each(['', 'host', '25/17', '25/17/16', '271/1/1', '25/256/1', '0x', '0x123456789', 'a10f11', '25/17/1/1'])(
    'is not guessed from %j',
    (text) => {
      expect(() => readCpu(text)).toThrow('MEASURE_CPU');
    },
  );

  it('is put together from family, model and stepping, and taken apart again', () => {
    const version = fc.record({
      family: fc.integer({ min: 0, max: 270 }),
      model: fc.integer({ min: 0, max: 255 }),
      stepping: fc.integer({ min: 0, max: 15 }),
    });
    fc.assert(
      fc.property(version, (value) => {
        expect(cpuVersion(cpuSignature(value))).toEqual(value);
      }),
    );
  });

  it('has no extended family up to family 15', () => {
    expect(cpuSignature({ family: 6, model: 0x3a, stepping: 9 })).toBe(0x306a9);
    expect(cpuSignature({ family: 15, model: 0, stepping: 0 })).toBe(0xf00);
    expect(cpuSignature({ family: 16, model: 0, stepping: 0 })).toBe(0x100f00);
  });

  it.each([
    { family: 271, model: 0, stepping: 0 },
    { family: 23, model: 256, stepping: 0 },
    { family: 23, model: 1, stepping: 16 },
    { family: -1, model: 1, stepping: 1 },
  ])('is refused for %j', (version) => {
    expect(() => cpuSignature(version)).toThrow('MEASURE_CPU');
  });

  it('is shown with what it means', () => {
    expect(showSignature(0xa00f11)).toBe('0xa00f11 (family 25, model 1, stepping 1: EPYC-Milan)');
    expect(showSignature(0xa00f10)).toBe('0xa00f10 (family 25, model 1, stepping 0)');
  });
});

describe('VMSA pages', () => {
  it.each([0, 513, 1.5, -1, Number.NaN])('are not built for %d vCPUs', (vcpus) => {
    expect(() => buildVmsaPages(settings, vcpus)).toThrow('MEASURE_VCPUS');
  });

  it('are one for the boot CPU, and the same for all others', () => {
    expect(vmsaSequence(buildVmsaPages(settings, 1))).toHaveLength(1);
    const pages = vmsaSequence(buildVmsaPages(settings, 512));
    expect(pages).toHaveLength(512);
    expect(pages[0]).not.toEqual(pages[1]);
    expect(pages[511]).toEqual(pages[1]);
  });

  it('of further CPUs need the reset block of the guest image, but for libkrun', () => {
    const { variant: _, resetEip: __, ...rest } = settings;
    expect(buildVmsaPages({ ...rest, variant: 'qemu' }, 1).others).toBeUndefined();
    expect(() => buildVmsaPages({ ...rest, variant: 'qemu' }, 2)).toThrow('MEASURE_IMAGE at vmsa.resetEip');
    expect(() => buildVmsaPages({ ...rest, variant: 'krun' }, 2)).not.toThrow();
  });

  it('come from files of the right size only', () => {
    const page = buildVmsa(settings, 'boot');
    expect(vmsaPagesFromFiles(2, page, page).vcpus).toBe(2);
    expect(() => vmsaPagesFromFiles(2, page)).toThrow('MEASURE_VCPUS');
    expect(() => vmsaPagesFromFiles(1, page.slice(1))).toThrow('BYTES_LENGTH at vmsa.boot');
    expect(() => vmsaPagesFromFiles(1, page, page.slice(1))).toThrow('BYTES_LENGTH at vmsa.others');
  });

  it('change with every setting', () => {
    const base = { ...settings, sevFeatures: 0 };
    const pages = [
      base,
      { ...base, cpuSignature: 0x800f12 },
      { ...base, resetEip: 0x80b005 },
      { ...base, resetEip: 0x81b004 },
      { ...base, sevFeatures: 0x20 },
      ...VMSA_VARIANTS.slice(1).map((variant) => ({ ...base, variant })),
    ].map((changed) => toHex(buildVmsa(changed, 'other')));
    expect(new Set(pages).size).toBe(pages.length);
  });

  it('are recognised when we would have built them, and called foreign when not', () => {
    for (const variant of VMSA_VARIANTS) {
      for (const cpu of ['boot', 'other'] as const) {
        const page = buildVmsa({ ...settings, variant, sevFeatures: 0x20 }, cpu);
        const reading = readVmsa(page);
        expect(reading.madeBy).toContainEqual({ variant, cpu });
        expect(reading.sevFeatures).toBe(0x20n);
        page[0x500] = 1;
        expect(readVmsa(page).madeBy).toEqual([]);
      }
    }
    const { eip, cpuSignature, mxcsr, fcw } = readVmsa(buildVmsa({ ...settings, variant: 'qemu-init2' }, 'other'));
    expect([eip, cpuSignature, mxcsr, fcw]).toEqual([0x80b004, 0xa00f11, 0x1f80, 0x37f]);
  });
});

interface Vectors {
  signatures: Record<string, number>;
  cases: {
    kind: VmsaVariant;
    cpu: 0 | 1;
    sev_features: number;
    signature: number;
    reset_eip: number;
    sha256: string;
    nonzero_bytes: Record<string, number>;
  }[];
}

describeWithVectors('The vectors of vmsa.json', () => {
  const { signatures, cases } = vectorJson<Vectors>('vmsa.json');

  it.each(Object.entries(signatures))('have our signature of %s', (name, signature) => {
    expect(signatureOfModel(name)).toBe(signature);
  });

  it.each(cases)('have our page: $kind, CPU $cpu, features $sev_features', (vector) => {
    const { kind, cpu, sev_features, signature, reset_eip } = vector;
    const built = { variant: kind, cpuSignature: signature, resetEip: reset_eip, sevFeatures: sev_features };
    const page = buildVmsa(built, cpu === 0 ? 'boot' : 'other');
    const nonzero = [...page.entries()].filter(([, byte]) => byte !== 0);
    const named = Object.fromEntries(nonzero.map(([at, byte]) => [`0x${at.toString(16).padStart(3, '0')}`, byte]));
    expect(named).toEqual(vector.nonzero_bytes);
    expect(toHex(sha256Sync(page))).toBe(vector.sha256);
  });
});
