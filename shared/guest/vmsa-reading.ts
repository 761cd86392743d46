// What a VMSA page from a file says, and whether it is one that we would have built.
import { equalBytes } from '../bytes/equal.ts';
import { requireLength } from '../bytes/reader.ts';
import { buildVmsa, VMSA_SIZE, VMSA_VARIANTS, type VmsaCpu, type VmsaVariant } from './vmsa.ts';

export interface VmsaReading {
  /** Code segment base and RIP together: where the CPU starts. */
  readonly eip: number;
  /** RDX: the CPU's signature, except in clouds. */
  readonly cpuSignature: number;
  readonly sevFeatures: bigint;
  readonly mxcsr: number;
  readonly fcw: number;
  readonly gPat: bigint;
  /** Known variants that give exactly this page; none when it is foreign. */
  readonly madeBy: readonly { readonly variant: VmsaVariant; readonly cpu: VmsaCpu }[];
}

/**
 * @param page exactly 4,096 bytes
 * @throws SevError BYTES_LENGTH
 */
export function readVmsa(page: Uint8Array, at = 'vmsa'): VmsaReading {
  requireLength(page, VMSA_SIZE, at);
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const reading = {
    eip: (view.getUint32(0x018, true) + view.getUint32(0x178, true)) >>> 0,
    cpuSignature: view.getUint32(0x310, true),
    sevFeatures: view.getBigUint64(0x3b0, true),
    mxcsr: view.getUint32(0x408, true),
    fcw: view.getUint16(0x410, true),
    gPat: view.getBigUint64(0x268, true),
  };
  return { ...reading, madeBy: makersOf(page, reading) };
}

function makersOf(page: Uint8Array, reading: Omit<VmsaReading, 'madeBy'>): VmsaReading['madeBy'] {
  const { cpuSignature, eip, sevFeatures } = reading;
  if (sevFeatures > 0xffn) return [];
  const settings = { cpuSignature, resetEip: eip, sevFeatures: Number(sevFeatures) };
  return VMSA_VARIANTS.flatMap((variant) =>
    (['boot', 'other'] as const)
      .filter((cpu) => equalBytes(buildVmsa({ ...settings, variant }, cpu), page))
      .map((cpu) => ({ variant, cpu })),
  );
}

/** The known page that this one is most like, and where it has other bytes. */
export interface ClosestVmsa {
  readonly variant: VmsaVariant;
  readonly cpu: VmsaCpu;
  /** Offsets, in order. */
  readonly differsAt: readonly number[];
}

/**
 * For a page that nobody known makes: what is strange about it.
 * @param page exactly 4,096 bytes
 * @throws SevError BYTES_LENGTH
 */
export function closestTo(page: Uint8Array): ClosestVmsa {
  const { cpuSignature, eip, sevFeatures } = readVmsa(page);
  const settings = { cpuSignature, resetEip: eip, sevFeatures: Number(sevFeatures & 0xffn) };
  const known = VMSA_VARIANTS.flatMap((variant) =>
    (['boot', 'other'] as const).map((cpu) => ({
      ...{ variant, cpu },
      differsAt: differences(buildVmsa({ ...settings, variant }, cpu), page),
    })),
  );
  return known.reduce((best, one) => (one.differsAt.length < best.differsAt.length ? one : best));
}

const differences = (a: Uint8Array, b: Uint8Array): readonly number[] =>
  Array.from(a.keys()).filter((offset) => a[offset] !== b[offset]);
