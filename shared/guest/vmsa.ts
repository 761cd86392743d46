// VMSA pages: the first registers of a vCPU as SEV-ES measures them, for every maker of virtual machines that is known.
import { SevError } from '../errors.ts';
import { requireLength } from '../bytes/reader.ts';

export const VMSA_SIZE = 4096;
export const MAX_VCPUS = 512;

/**
 * Who made the page. `qemu`: KVM's original interface. `qemu-init2`: KVM_SEV_INIT2, which stores the FPU's state too.
 * `ec2`, `ec2-old` (without RDX), `gce`: clouds. `krun`: libkrun. The last four were never seen on hardware here.
 */
export type VmsaVariant = 'qemu' | 'qemu-init2' | 'ec2' | 'ec2-old' | 'gce' | 'krun';
export const VMSA_VARIANTS: readonly VmsaVariant[] = ['qemu', 'qemu-init2', 'ec2', 'ec2-old', 'gce', 'krun'];

/** SEV_FEATURES with debug-swap alone. */
export const DEBUG_SWAP = 0x20;

export interface VmsaSettings {
  readonly variant: VmsaVariant;
  /** CPUID leaf 1 EAX of the guest CPU. Clouds have their own and ignore it. */
  readonly cpuSignature: number;
  /** Where all CPUs but the first start: from the guest image's reset block. libkrun ignores it. */
  readonly resetEip?: number;
  /** 0, or 0x20 with debug-swap. */
  readonly sevFeatures?: number;
}

/** The same where SEV_FEATURES has more bits than a number holds: SEV-SNP. */
export type WideVmsaSettings = Omit<VmsaSettings, 'sevFeatures'> & { readonly sevFeatures?: number | bigint };

/** One page for the boot CPU, and one that all others share. */
export interface VmsaPages {
  readonly boot: Uint8Array;
  /** Needed from two vCPUs on. */
  readonly others?: Uint8Array;
  readonly vcpus: number;
}

export type VmsaCpu = 'boot' | 'other';

const BOOT_EIP = 0xfffffff0;
/** The architecture's reset value, and Google's. */
const G_PAT = 0x0007040600070406n;
const G_PAT_GCE = 0x00070106n;

/** Registers that differ between variants; all others are the same everywhere. */
interface Differences {
  readonly codeAttributes: number;
  readonly stackAttributes: number;
  readonly taskAttributes: number;
  readonly gPat: bigint;
  readonly rdx: number;
  readonly fpu: boolean;
}

/**
 * Builds one page of 4,096 bytes.
 * @throws SevError MEASURE_IMAGE when the reset address of other CPUs is needed and missing, MEASURE_CPU
 */
export function buildVmsa(settings: WideVmsaSettings, cpu: VmsaCpu): Uint8Array {
  const page = new Page();
  const { codeAttributes, stackAttributes, taskAttributes, gPat, rdx, fpu } = differences(settings, cpu);
  const code = codeSegment(settings, cpu);
  page.segment(0x000, { attributes: 0x93, limit: 0xffff }); // ES
  page.segment(0x010, { selector: code.selector, attributes: codeAttributes, limit: 0xffff, base: code.base });
  page.segment(0x020, { attributes: stackAttributes, limit: 0xffff }); // SS
  page.segment(0x030, { attributes: 0x93, limit: 0xffff }); // DS
  page.segment(0x040, { attributes: 0x93, limit: 0xffff }); // FS
  page.segment(0x050, { attributes: 0x93, limit: 0xffff }); // GS
  page.segment(0x060, { limit: 0xffff }); // GDTR
  page.segment(0x070, { attributes: 0x82, limit: 0xffff }); // LDTR
  page.segment(0x080, { limit: 0xffff }); // IDTR
  page.segment(0x090, { attributes: taskAttributes, limit: 0xffff }); // TR
  page.u64(0x0d0, 0x1000n); // EFER: SVME
  page.u64(0x148, 0x40n); // CR4: MCE
  page.u64(0x158, 0x10n); // CR0: ET
  page.u64(0x160, 0x400n); // DR7
  page.u64(0x168, 0xffff0ff0n); // DR6
  page.u64(0x170, 0x2n); // RFLAGS
  page.u64(0x178, BigInt(code.rip));
  page.u64(0x268, gPat);
  page.u64(0x310, BigInt(rdx));
  page.u64(0x3b0, BigInt(settings.sevFeatures ?? 0));
  page.u64(0x3e8, 1n); // XCR0: x87
  if (fpu) {
    page.u32(0x408, 0x1f80); // MXCSR
    page.u16(0x410, 0x37f); // x87 FCW
  }
  if (settings.variant === 'krun' && cpu === 'boot') {
    page.u64(0x1d8, 0x8ff0n); // RSP
    page.u64(0x328, 0x8ff0n); // RBP
    page.u64(0x330, 0x7000n); // RSI
  }
  return page.bytes;
}

/**
 * The same page for another CPU, or for another guest image; every other byte stays.
 * @param page 4,096 bytes, whoever made it
 * @param change `resetEip` is where this CPU starts
 * @throws SevError BYTES_LENGTH, MEASURE_CPU
 */
export function changeVmsa(
  page: Uint8Array,
  { cpuSignature, resetEip }: Partial<Pick<VmsaSettings, 'cpuSignature' | 'resetEip'>>,
): Uint8Array {
  requireLength(page, VMSA_SIZE, 'vmsa');
  const changed = new Page(page);
  if (cpuSignature !== undefined) {
    requireU32(cpuSignature, 'cpu.signature');
    changed.u64(0x310, BigInt(cpuSignature));
  }
  if (resetEip !== undefined) {
    requireU32(resetEip, 'vmsa.resetEip');
    changed.u64(0x018, BigInt((resetEip & 0xffff0000) >>> 0));
    changed.u64(0x178, BigInt(resetEip & 0xffff));
  }
  return changed.bytes;
}

/** @throws SevError MEASURE_VCPUS, MEASURE_IMAGE, MEASURE_CPU */
export function buildVmsaPages(settings: VmsaSettings, vcpus: number): VmsaPages {
  requireVcpus(vcpus);
  const boot = buildVmsa(settings, 'boot');
  return vcpus === 1 ? { boot, vcpus } : { boot, others: buildVmsa(settings, 'other'), vcpus };
}

/**
 * Pages from files, as sevctl and libvirt's tool take them.
 * @throws SevError MEASURE_VCPUS, BYTES_LENGTH
 */
export function vmsaPagesFromFiles(vcpus: number, boot: Uint8Array, others?: Uint8Array): VmsaPages {
  const pages = { boot, vcpus, ...(others && { others }) };
  vmsaSequence(pages);
  return pages;
}

/** The pages in the order in which they are measured. @throws SevError MEASURE_VCPUS, BYTES_LENGTH */
export function vmsaSequence({ boot, others, vcpus }: VmsaPages): readonly Uint8Array[] {
  requireVcpus(vcpus);
  requireLength(boot, VMSA_SIZE, 'vmsa.boot');
  if (others) requireLength(others, VMSA_SIZE, 'vmsa.others');
  if (vcpus === 1) return [boot];
  if (!others)
    throw new SevError('MEASURE_VCPUS', { because: `${vcpus} vCPUs, but no page for those after the first.` });
  return [boot, ...Array.from({ length: vcpus - 1 }, () => others)];
}

/** @throws SevError MEASURE_VCPUS */
export function requireVcpus(vcpus: number): void {
  if (Number.isInteger(vcpus) && vcpus >= 1 && vcpus <= MAX_VCPUS) return;
  throw new SevError('MEASURE_VCPUS', { at: 'vcpus', because: `${vcpus} was given.` });
}

function differences({ variant, cpuSignature }: WideVmsaSettings, cpu: VmsaCpu): Differences {
  requireU32(cpuSignature, 'cpu.signature');
  const qemu = {
    codeAttributes: 0x9b,
    stackAttributes: 0x93,
    taskAttributes: 0x8b,
    gPat: G_PAT,
    rdx: cpuSignature,
    fpu: false,
  };
  const other = { ...qemu, stackAttributes: 0x92, taskAttributes: 0x83 };
  switch (variant) {
    case 'qemu':
      return qemu;
    case 'qemu-init2':
      return { ...qemu, fpu: true };
    case 'ec2':
    case 'ec2-old':
      return { ...other, codeAttributes: cpu === 'boot' ? 0x9a : 0x9b, rdx: variant === 'ec2' ? 0x600 : 0 };
    case 'gce':
      return { ...qemu, gPat: G_PAT_GCE, rdx: 0x600 };
    case 'krun':
      return { ...other, codeAttributes: 0x9a };
  }
}

function codeSegment(
  { variant, resetEip }: WideVmsaSettings,
  cpu: VmsaCpu,
): { selector: number; base: number; rip: number } {
  if (variant === 'krun' && cpu === 'other') return { selector: 0x9100, base: 0x91000, rip: 0 };
  const eip = cpu === 'boot' ? BOOT_EIP : resetEip;
  if (eip === undefined) {
    throw new SevError('MEASURE_IMAGE', {
      at: 'vmsa.resetEip',
      sentence: 'The guest image does not say where further CPUs start, so it cannot run with SEV-ES.',
    });
  }
  requireU32(eip, 'vmsa.resetEip');
  return { selector: 0xf000, base: (eip & 0xffff0000) >>> 0, rip: eip & 0xffff };
}

function requireU32(value: number, at: string): void {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return;
  throw new SevError('MEASURE_CPU', { at, because: `${value} does not fit into 32 bits.` });
}

interface Segment {
  readonly selector?: number;
  readonly attributes?: number;
  readonly limit: number;
  readonly base?: number;
}

/** A page under construction. Everything is little-endian; a segment is selector, attributes, limit, base. */
class Page {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(before: Uint8Array = new Uint8Array(VMSA_SIZE)) {
    this.bytes = before.slice();
    this.#view = new DataView(this.bytes.buffer);
  }

  segment(at: number, { selector = 0, attributes = 0, limit, base = 0 }: Segment): void {
    this.u16(at, selector);
    this.u16(at + 2, attributes);
    this.u32(at + 4, limit);
    this.u64(at + 8, BigInt(base));
  }

  u16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  u32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  u64(at: number, value: bigint): void {
    this.#view.setBigUint64(at, value, true);
  }
}
