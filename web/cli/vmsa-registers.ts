// Every register of a VMSA page by its name in Linux' struct, which are also the names that `sevctl vmsa show` prints.
import { toHex } from '../../shared/bytes/text.ts';
import { ByteReader } from '../../shared/bytes/reader.ts';

const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'gdtr', 'ldtr', 'idtr', 'tr'];

/** Offset of each register and its size in bytes; what lies between is reserved. */
const REGISTERS: readonly (readonly [name: string, offset: number, size: 1 | 2 | 4 | 8])[] = [
  ['cpl', 0x0cb, 1],
  ['efer', 0x0d0, 8],
  ['xss', 0x140, 8],
  ['cr4', 0x148, 8],
  ['cr3', 0x150, 8],
  ['cr0', 0x158, 8],
  ['dr7', 0x160, 8],
  ['dr6', 0x168, 8],
  ['rflags', 0x170, 8],
  ['rip', 0x178, 8],
  ['rsp', 0x1d8, 8],
  ['rax', 0x1f8, 8],
  ['star', 0x200, 8],
  ['lstar', 0x208, 8],
  ['cstar', 0x210, 8],
  ['sfmask', 0x218, 8],
  ['kernel_gs_base', 0x220, 8],
  ['sysenter_cs', 0x228, 8],
  ['sysenter_esp', 0x230, 8],
  ['sysenter_eip', 0x238, 8],
  ['cr2', 0x240, 8],
  ['g_pat', 0x268, 8],
  ['dbgctl', 0x270, 8],
  ['br_from', 0x278, 8],
  ['br_to', 0x280, 8],
  ['last_excp_from', 0x288, 8],
  ['last_excp_to', 0x290, 8],
  ['spec_ctrl', 0x2e0, 4],
  ['pkru', 0x2e8, 4],
  ['rcx', 0x308, 8],
  ['rdx', 0x310, 8],
  ['rbx', 0x318, 8],
  ['rbp', 0x328, 8],
  ['rsi', 0x330, 8],
  ['rdi', 0x338, 8],
  ['r8', 0x340, 8],
  ['r9', 0x348, 8],
  ['r10', 0x350, 8],
  ['r11', 0x358, 8],
  ['r12', 0x360, 8],
  ['r13', 0x368, 8],
  ['r14', 0x370, 8],
  ['r15', 0x378, 8],
  ['sw_exit_code', 0x390, 8],
  ['sw_exit_info_1', 0x398, 8],
  ['sw_exit_info_2', 0x3a0, 8],
  ['sw_scratch', 0x3a8, 8],
  ['sev_features', 0x3b0, 8],
  ['xcr0', 0x3e8, 8],
  ['x87_state_gpa', 0x400, 8],
  ['mxcsr', 0x408, 4],
  ['fcw', 0x410, 2],
];

/** 16 bytes, which are no number: shown as they stand. */
const VALID_BITMAP = 0x3f0;

export interface Segment {
  readonly selector: number;
  readonly attrib: number;
  readonly limit: number;
  readonly base: bigint;
}

/** @param page 4,096 bytes; integers little-endian */
export function readRegisters(page: Uint8Array): Readonly<Record<string, Segment | bigint | string>> {
  const segments = SEGMENTS.map((name, i) => [name, readSegment(page.subarray(16 * i, 16 * i + 16), name)] as const);
  const registers = REGISTERS.map(([name, offset, size]) => {
    const bytes = page.subarray(offset, offset + size);
    return [name, bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)] as const;
  });
  const bitmap = ['valid_bitmap', toHex(page.subarray(VALID_BITMAP, VALID_BITMAP + 16))] as const;
  return Object.fromEntries<Segment | bigint | string>([...segments, ...registers, bitmap]);
}

function readSegment(bytes: Uint8Array, name: string): Segment {
  const reader = new ByteReader(bytes, name);
  return {
    selector: reader.u16('selector'),
    attrib: reader.u16('attrib'),
    limit: reader.u32('limit'),
    base: reader.u64('base'),
  };
}
