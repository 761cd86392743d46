import { expect, it } from 'vitest';
import { fromHex, toHex } from '../bytes/text.ts';
import { sha256 } from '../crypto/subtle.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../testing/vectors.ts';
import { readFirmwareTable } from './firmware-table.ts';
import { kernelHashesTable, vmsaPage } from './loaded-pages.ts';

interface HashesCase {
  readonly kernel: string;
  readonly initrd: string | null;
  readonly cmdline: string | null;
  readonly table: string;
}

describeWithVectors('The table of kernel hashes that the simulated QEMU loads', () => {
  const { cases } = vectorJson<{ cases: HashesCase[] }>('kernel-hashes.json');

  it.each(cases.map((hashes, i) => [i, hashes] as const))(
    "is QEMU's: case %i",
    (_, { kernel, initrd, cmdline, table }) => {
      const boot = {
        kernel: fromHex(kernel),
        ...(initrd !== null && { initrd: fromHex(initrd) }),
        ...(cmdline !== null && { cmdline }),
      };
      expect(toHex(kernelHashesTable(boot))).toBe(table);
    },
  );
});

interface VmsaCase {
  readonly kind: string;
  readonly cpu: number;
  readonly sev_features: number;
  readonly signature: number;
  readonly reset_eip: number;
  readonly sha256: string;
}

describeWithVectors('The VMSA pages that the simulated KVM loads', () => {
  const cases = vectorJson<{ cases: VmsaCase[] }>('vmsa.json').cases.filter(
    ({ kind, sev_features }) => kind === 'qemu' && sev_features === 0,
  );

  it('has vectors for the first CPU and for others', () => {
    expect(new Set(cases.map(({ cpu }) => cpu > 0))).toEqual(new Set([false, true]));
  });

  it.each(cases.map((page, i) => [i, page] as const))("are KVM's: case %i", async (_, page) => {
    const made = vmsaPage(page.cpu, page.reset_eip, page.signature);
    expect(toHex(await sha256(made))).toBe(page.sha256);
  });
});

describeWithVectors('The table of a guest image', () => {
  it('is found in an AmdSev build of OVMF', () => {
    expect(readFirmwareTable(vectorBytes('ovmf/ovmf_AmdSev_suffix.bin'))).toEqual({
      resetEip: 0x80b004,
      hashArea: { base: 0x810c00, size: 0x400 },
      secretArea: { base: 0x810000, size: 0xc00 },
    });
  });

  it('has areas at 0 in an ordinary OVMF', () => {
    const { hashArea, secretArea } = readFirmwareTable(vectorBytes('ovmf/ovmf_OvmfX64_suffix.bin'));
    expect([hashArea, secretArea]).toEqual([
      { base: 0, size: 0 },
      { base: 0, size: 0 },
    ]);
  });

  it('is empty in any other file', () => {
    expect(readFirmwareTable(new Uint8Array(4096))).toEqual({
      resetEip: undefined,
      hashArea: undefined,
      secretArea: undefined,
    });
    expect(readFirmwareTable(new Uint8Array(10)).resetEip).toBeUndefined();
  });
});
