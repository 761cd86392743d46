// TCB versions: 8 bytes, each the security version of one part. Turin's layout is another than Milan's and Genoa's.
// SNP report specification part 5. Parts are compared one by one; the 8 bytes as one number have no order.
import { SevError } from '../../errors.ts';
import { requireLength } from '../../bytes/reader.ts';
import type { SnpProduct } from './product.ts';
import { REPORT_FAULTS } from './report-words.ts';

export const TCB_SIZE = 8;

/** Security version numbers, 0 to 255. */
export interface Tcb {
  /** First mutable code; Turin only. */
  readonly fmc?: number;
  readonly bootLoader: number;
  readonly tee: number;
  readonly snp: number;
  readonly microcode: number;
}

export type TcbPart = keyof Tcb;
export const TCB_PARTS: readonly TcbPart[] = ['fmc', 'bootLoader', 'tee', 'snp', 'microcode'];

/** Which byte holds which part. */
export type TcbLayout = 'milan-genoa' | 'turin';
const OFFSETS: Readonly<Record<TcbLayout, Partial<Record<TcbPart, number>>>> = {
  'milan-genoa': { bootLoader: 0, tee: 1, snp: 6, microcode: 7 },
  turin: { fmc: 0, bootLoader: 1, tee: 2, snp: 3, microcode: 7 },
};

export const layoutOf = (product: SnpProduct): TcbLayout => (product === 'Turin' ? 'turin' : 'milan-genoa');

/**
 * Reads a TCB in one layout; bytes without a meaning there must be zero.
 * @throws SevError BYTES_LENGTH, SNP_REPORT_FORM
 */
export function parseTcb(bytes: Uint8Array, layout: TcbLayout, at: string): Tcb {
  requireLength(bytes, TCB_SIZE, at);
  const offsets = OFFSETS[layout];
  const used = Object.values(offsets);
  const stray = bytes.findIndex((byte, offset) => byte !== 0 && !used.includes(offset));
  if (stray >= 0) throw new SevError('SNP_REPORT_FORM', { at, because: REPORT_FAULTS.tcbByte(stray, layout) });
  const parts = Object.entries(offsets).map(([part, offset]) => [part, bytes[offset]!] as const);
  return Object.fromEntries(parts) as unknown as Tcb;
}

/** @throws SevError BYTES_VALUE when a part is out of range, missing, or not in this layout */
export function encodeTcb(tcb: Tcb, layout: TcbLayout): Uint8Array {
  const bytes = new Uint8Array(TCB_SIZE);
  for (const part of TCB_PARTS) {
    const [offset, value] = [OFFSETS[layout][part], tcb[part]];
    if ((offset === undefined) !== (value === undefined)) throw new SevError('BYTES_VALUE', { at: `tcb.${part}` });
    if (offset === undefined || value === undefined) continue;
    if (!Number.isInteger(value) || value < 0 || value > 255) throw new SevError('BYTES_VALUE', { at: `tcb.${part}` });
    bytes[offset] = value;
  }
  return bytes;
}

export const sameTcb = (a: Tcb, b: Tcb): boolean => TCB_PARTS.every((part) => a[part] === b[part]);

/** The parts of a floor that a TCB does not reach; one that the product does not have is never reached. */
export const partsBelow = (tcb: Tcb, floor: Partial<Tcb>): readonly TcbPart[] =>
  TCB_PARTS.filter((part) => {
    const least = floor[part];
    return least !== undefined && !((tcb[part] ?? -1) >= least);
  });

/** `boot loader 4, TEE 0, SNP 24 · 0x18, microcode 219 · 0xdb`. */
export const showTcb = (tcb: Partial<Tcb>): string =>
  TCB_PARTS.flatMap((part) => {
    const value = tcb[part];
    if (value === undefined) return [];
    return value < 10
      ? `${TCB_PART_NAMES[part]} ${value}`
      : `${TCB_PART_NAMES[part]} ${value} · 0x${value.toString(16)}`;
  }).join(', ');

export const TCB_PART_NAMES: Readonly<Record<TcbPart, string>> = {
  fmc: 'FMC',
  bootLoader: 'boot loader',
  tee: 'TEE',
  snp: 'SNP',
  microcode: 'microcode',
};
