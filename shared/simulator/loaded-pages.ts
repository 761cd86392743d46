// What QEMU and KVM load into a guest beside its firmware: the table of kernel hashes, and the first registers of
// each CPU. Written from the formats' description alone, sharing nothing with the code that predicts a digest.
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../bytes/equal.ts';
import { encodeGuid } from '../bytes/guid.ts';
import { toUtf8 } from '../bytes/text.ts';
import { ByteWriter, concat } from '../bytes/writer.ts';

const HASH_TABLE = encodeGuid('9438d606-4f22-4cc9-b479-a793d411fd21');
const CMDLINE_ENTRY = encodeGuid('97d02dd8-bd20-4c94-aa78-e7714d36ab2a');
const INITRD_ENTRY = encodeGuid('44baf731-3a2f-4bd7-9af1-41e29169781d');
const KERNEL_ENTRY = encodeGuid('4de79437-abd2-427f-b835-d5b172d2045b');

/** A kernel that QEMU was told to boot. */
export interface DirectBoot {
  readonly kernel: Uint8Array;
  readonly initrd?: Uint8Array;
  readonly cmdline?: string;
}

/**
 * QEMU's table of kernel hashes with its padding.
 * @returns 176 bytes: header 18, command line, initrd and kernel 50 each, zeros 8
 */
export function kernelHashesTable({ kernel, initrd, cmdline }: DirectBoot): Uint8Array {
  const contents = [
    [CMDLINE_ENTRY, concat(toUtf8(cmdline ?? ''), Uint8Array.of(0))],
    [INITRD_ENTRY, initrd ?? new Uint8Array()],
    [KERNEL_ENTRY, kernel],
  ] as const;
  const table = new ByteWriter(176).bytes(HASH_TABLE).u16(18 + 3 * 50);
  for (const [guid, content] of contents) table.bytes(guid).u16(50).bytes(sha256(content));
  return table.zeros(8).finish();
}

/** Whether a table of kernel hashes begins here. */
export const holdsKernelHashes = (memory: Uint8Array): boolean => equalBytes(memory.subarray(0, 16), HASH_TABLE);

const BOOT_EIP = 0xfffffff0;
const REAL_MODE_LIMIT = 0xffff;

/**
 * The VMSA page of a CPU as KVM makes it through its original interface (KVM_SEV_ES_INIT), on reset.
 *
 * @param cpu 0 for the boot CPU
 * @param resetEip where every other CPU begins
 * @param signature CPUID leaf 1 EAX of the guest's CPU model
 * @returns 4,096 bytes
 */
export function vmsaPage(cpu: number, resetEip: number, signature: number): Uint8Array {
  const page = new Uint8Array(4096);
  const view = new DataView(page.buffer);
  const segment = (offset: number, attributes: number, selector = 0, base = 0) => {
    view.setUint16(offset, selector, true);
    view.setUint16(offset + 2, attributes, true);
    view.setUint32(offset + 4, REAL_MODE_LIMIT, true);
    view.setBigUint64(offset + 8, BigInt(base), true);
  };
  const u64 = (offset: number, value: bigint) => view.setBigUint64(offset, value, true);
  const eip = cpu === 0 ? BOOT_EIP : resetEip;

  for (const data of [0x000, 0x020, 0x030, 0x040, 0x050]) segment(data, 0x93);
  segment(0x010, 0x9b, 0xf000, (eip & 0xffff0000) >>> 0);
  segment(0x060, 0); // GDTR
  segment(0x070, 0x82); // LDTR
  segment(0x080, 0); // IDTR
  segment(0x090, 0x8b); // TR
  u64(0x0d0, 0x1000n); // EFER.SVME
  u64(0x148, 0x40n); // CR4.MCE
  u64(0x158, 0x10n); // CR0.ET
  u64(0x160, 0x400n); // DR7
  u64(0x168, 0xffff0ff0n); // DR6
  u64(0x170, 0x2n); // RFLAGS
  u64(0x178, BigInt(eip & 0xffff)); // RIP
  u64(0x268, 0x0007040600070406n); // G_PAT
  u64(0x310, BigInt(signature)); // RDX
  u64(0x3e8, 0x1n); // XCR0
  return page;
}
