// What an audit wants to know of a guest's configuration, whichever form it was read from. What the text does not show is
// left undefined, so that no finding can take it for absent.
import type { MachineType } from './machine-type.ts';

export interface VirtioDevice {
  /** As the configuration names it. */
  readonly name: string;
  readonly iommu: boolean;
  /** Cannot fall back to the virtio of before 1.0. */
  readonly modern: boolean;
  /** A kind that has no model without the old virtio. */
  readonly hasModernModel: boolean;
}

/**
 * A text that is not the whole configuration: some elements of a domain, some of QEMU's arguments, a file that QEMU reads
 * beside its arguments, or the file from which another program makes them.
 */
export type ConfigPart = 'domain-part' | 'arguments-part' | 'readconfig-file' | 'proxmox' | 'kubevirt';

export interface GuestCpu {
  /** `host`: the host's own processor, or what libvirt makes of it; `default`: none is named. */
  readonly kind: 'host' | 'named' | 'default';
  readonly model?: string;
}

export interface ConfigFacts {
  readonly source: 'libvirt' | 'qemu';
  /**
   * What the guest is launched under; `unlinked` where QEMU's machine and its sev-guest object do not name each other,
   * `unseen` where the text does not show it.
   */
  readonly security: 'sev' | 'snp' | 'tdx' | 'other' | 'unlinked' | 'none' | 'unseen';
  readonly policy?: number;
  /** Why there is no policy, where the text shows that. */
  readonly noPolicy?: 'missing' | 'no-number';
  readonly dhCert?: string;
  readonly session?: string;
  /** libvirt has the base64 texts of a session itself, QEMU the names of files. */
  readonly blobs: 'text' | 'files';
  readonly hasSession?: boolean;
  readonly cbitpos?: number;
  readonly reducedPhysBits?: number;
  /** QEMU asks for both numbers; libvirt fills them in. */
  readonly bitsMissing?: boolean;
  readonly kernelHashes?: boolean;
  readonly hasKernel?: boolean;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly cmdline?: string;
  readonly firmware?: string;
  /** Whether a firmware is named or chosen at all: without it, the host starts its BIOS. */
  readonly uefi?: boolean;
  /** A variable store beside the firmware. */
  readonly nvram?: boolean;
  /** The firmware is used without any variable store, and said to be. */
  readonly stateless?: boolean;
  readonly firmwareWritable: boolean;
  readonly machine?: MachineType;
  readonly smm?: boolean;
  readonly vcpus?: number;
  readonly cpu?: GuestCpu;
  /** Whether KVM runs the guest: without it, there is no SEV. */
  readonly kvm?: boolean;
  /** Where the interrupt controllers are: all in KVM, the I/O APIC in QEMU, or all in QEMU. */
  readonly irqchip?: 'kvm' | 'split' | 'qemu';
  /** An emulated IOMMU. */
  readonly iommu?: { readonly remapsInterrupts: boolean; readonly extended: boolean };
  /** Undefined where the form does not say. */
  readonly memory?: { readonly locked: boolean; readonly sizeKib?: number; readonly hardLimitKib?: number };
  readonly virtio: readonly VirtioDevice[];
  /** Network cards of virtio whose iPXE ROM is not left out. */
  readonly ipxe: readonly string[];
  readonly paused?: boolean;
  /** Whether the guest is to go on after it resets itself. */
  readonly restarts?: boolean;
  /** QEMU arguments that libvirt hands on without a look, or settings that QEMU takes from elsewhere. */
  readonly passthrough: boolean;
  /** Some values are a shell's variables. */
  readonly expands: boolean;
  readonly part?: ConfigPart;
  /** How many commands the text held, of which the last was read. */
  readonly commands?: number;
}

/** Leaves members out that are undefined. */
export const defined = <T extends object>(value: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

/** A number as libvirt writes it, decimal or hex; undefined when it is none. */
export function readNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffffffff ? value : undefined;
}
