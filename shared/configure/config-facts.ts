// What an audit wants to know of a guest's configuration, whichever of its two forms it was read from.
import type { QemuVersion } from './launch-config.ts';

export interface VirtioDevice {
  /** As the configuration names it. */
  readonly name: string;
  readonly iommu: boolean;
  /** Cannot fall back to the virtio of before 1.0. */
  readonly modern: boolean;
}

export interface ConfigFacts {
  readonly source: 'libvirt' | 'qemu';
  /** What the guest is launched under; `unlinked` where QEMU's machine and its sev-guest object do not name each other. */
  readonly security: 'sev' | 'snp' | 'tdx' | 'other' | 'unlinked' | 'none';
  /** Undefined where it is missing or no number. */
  readonly policy?: number;
  /** Undefined where it is missing. libvirt has the base64 text itself, QEMU the name of a file. */
  readonly dhCert?: string;
  readonly session?: string;
  readonly kernelHashes: boolean;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly cmdline?: string;
  readonly firmware?: string;
  /** Whether a firmware is named or chosen at all: without it, the host starts its BIOS. */
  readonly uefi: boolean;
  /** A variable store beside the firmware. */
  readonly nvram: boolean;
  /** The firmware is used without any variable store, and said to be. */
  readonly stateless: boolean;
  readonly firmwareWritable: boolean;
  readonly machine?: string;
  readonly smm?: boolean;
  readonly vcpus?: number;
  /** The I/O APIC is QEMU's, outside KVM. */
  readonly splitIrqchip: boolean;
  /** An emulated IOMMU. */
  readonly iommu?: { readonly remapsInterrupts: boolean; readonly extended: boolean };
  /** Undefined where the form does not say. */
  readonly memory?: { readonly locked: boolean; readonly sizeKib?: number; readonly hardLimitKib?: number };
  readonly virtio: readonly VirtioDevice[];
  /** Network cards of virtio whose iPXE ROM is not left out. */
  readonly ipxe: readonly string[];
  /** Undefined where the form does not say. */
  readonly paused?: boolean;
  /** QEMU arguments that libvirt hands on without a look. */
  readonly passthrough: boolean;
  readonly qemuVersion?: QemuVersion;
  /** How many commands the text held, of which the last was read. */
  readonly commands?: number;
  /** Some values are a shell's variables. */
  readonly expands?: boolean;
}

/** The version in a machine type: `pc-q35-7.2` is of QEMU 7.2 or later. */
export function machineVersion(machine: string | undefined): QemuVersion | undefined {
  const found = /-([0-9]{1,3})\.([0-9]{1,3})$/.exec(machine ?? '');
  return found ? { major: Number(found[1]), minor: Number(found[2]) } : undefined;
}

/** A number as libvirt writes it, decimal or hex; undefined when it is none. */
export function readNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffffffff ? value : undefined;
}
