// What a launch needs on the host, as the guest owner decided it: the source of QEMU's arguments and libvirt's XML.
import { SevError } from '../errors.ts';
import type { GuestImageKind } from '../guest/guest-image.ts';
import type { Generation } from '../trust/pinned-root.ts';
import { parsePolicy } from '../sev/formats/policy.ts';
import { requireVcpus, type VmsaVariant } from '../guest/vmsa.ts';

export interface QemuVersion {
  readonly major: number;
  readonly minor: number;
}

export interface LaunchConfig {
  readonly name: string;
  /** Paths on the host. */
  readonly firmware: string;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly cmdline?: string;
  readonly firmwareKind?: GuestImageKind;
  readonly vcpus: number;
  /** QEMU's name, such as `EPYC-Milan`, or `host`. */
  readonly cpuModel: string;
  readonly memoryMib: number;
  /** How the registers are expected under SEV-ES; pins QEMU's interface to KVM where QEMU has the option. */
  readonly vmsaVariant?: VmsaVariant;
  readonly debugSwap?: boolean;
  readonly policy: number;
  /** The GODH certificate and the session blob of the session. */
  readonly godh: Uint8Array;
  readonly session: Uint8Array;
  /** From `query-sev-capabilities` or `virsh domcapabilities`: 47 on Naples and Rome, 51 later. */
  readonly cbitpos: number;
  readonly reducedPhysBits: number;
  /** Disk images in qcow2 on the host. */
  readonly disks?: readonly string[];
  /** Missing is taken as a present one. */
  readonly qemuVersion?: QemuVersion;
}

/**
 * More than that have no place in interrupts of the old form, whose target has 8 bits. QEMU then needs the I/O APIC
 * outside KVM, where its guests get 15 bits from it. libvirt also wants an IOMMU, although the guest cannot use it: its
 * tables lie in memory that SEV encrypts.
 */
export const MAX_PLAIN_VCPUS = 255;

/** What a q35 machine of QEMU before 8.1 takes. */
export const MAX_OLD_VCPUS = 288;

export const hasManyVcpus = ({ vcpus }: Pick<LaunchConfig, 'vcpus'>): boolean => vcpus > MAX_PLAIN_VCPUS;

/** Where a processor's addresses keep their encryption bit; undefined where there is no processor. */
export const cbitOf = (generation: Generation): number | undefined =>
  generation === 'simulated' ? undefined : ['naples', 'rome'].includes(generation) ? 47 : 51;

/** A QEMU of the time of writing; for hosts whose version is not known. */
export const PRESENT_QEMU: QemuVersion = { major: 10, minor: 0 };

export const qemuAtLeast = (version: QemuVersion, major: number, minor: number): boolean =>
  version.major > major || (version.major === major && version.minor >= minor);

/** QEMU 7.2 adds a random seed to a kernel under its own machine types, so that its hash never matches. */
export const seedsKernel = (version: QemuVersion, kernel: string | undefined): boolean =>
  kernel !== undefined && version.major === 7 && version.minor === 2;

/** q35, of the version before where QEMU would spoil the kernel's hash. */
export const machineType = ({ kernel, qemuVersion = PRESENT_QEMU }: LaunchConfig): string =>
  seedsKernel(qemuVersion, kernel) ? 'pc-q35-7.1' : 'q35';

/** Kernel hashes are measured whenever a kernel is given: without them the host could boot another. */
export const usesKernelHashes = ({ kernel }: Pick<LaunchConfig, 'kernel'>): boolean => kernel !== undefined;

export const isEs = ({ policy }: Pick<LaunchConfig, 'policy'>): boolean => parsePolicy(policy).es;

/** @throws SevError MEASURE_POLICY, MEASURE_VCPUS, BYTES_VALUE; MEASURE_IMAGE when this QEMU cannot measure the kernel */
export function requireLaunchConfig(config: LaunchConfig): void {
  parsePolicy(config.policy);
  requireVcpus(config.vcpus);
  if (config.vcpus > MAX_OLD_VCPUS && !qemuAtLeast(config.qemuVersion ?? PRESENT_QEMU, 8, 1)) {
    throw new SevError('MEASURE_VCPUS', {
      at: 'qemuVersion',
      sentence: `A QEMU before 8.1 gives a guest at most ${MAX_OLD_VCPUS} virtual CPUs.`,
      next: 'Use QEMU 8.1 or later, or fewer virtual CPUs.',
    });
  }
  requireName('name', config.name);
  requireName('cpuModel', config.cpuModel);
  requireNumber('memoryMib', config.memoryMib, 64, 16 * 1024 * 1024);
  requireNumber('cbitpos', config.cbitpos, 32, 63);
  requireNumber('reducedPhysBits', config.reducedPhysBits, 0, 63);
  for (const path of pathsOf(config)) requirePath(path);
  if (config.cmdline !== undefined && /[\0\n\r]/.test(config.cmdline)) {
    throw new SevError('BYTES_VALUE', { at: 'cmdline', because: 'A command line has no line ends and no NUL.' });
  }
  if (usesKernelHashes(config) && !qemuAtLeast(config.qemuVersion ?? PRESENT_QEMU, 6, 2)) {
    throw new SevError('MEASURE_IMAGE', {
      at: 'qemuVersion',
      sentence: 'A QEMU before 6.2 cannot measure a kernel, so the host could boot another.',
      next: 'Use QEMU 6.2 or later, or let the guest image boot from an encrypted disk.',
    });
  }
  if (config.kernel === undefined && (config.initrd !== undefined || config.cmdline !== undefined)) {
    throw new SevError('BYTES_VALUE', { at: 'kernel', because: 'Initrd and command line need a kernel.' });
  }
}

/** All files of a launch. */
export const pathsOf = ({ firmware, kernel, initrd, disks = [] }: LaunchConfig): readonly string[] =>
  [firmware, kernel, initrd, ...disks].filter((path) => path !== undefined);

function requireName(at: string, name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/.test(name)) return;
  throw new SevError('BYTES_VALUE', { at, because: 'Use letters, digits, and “.”, “_”, “+” or “-” between them.' });
}

function requirePath(path: string): void {
  const control = [...path].some((char) => char.codePointAt(0)! < 32);
  if (path.length > 0 && path.length <= 4096 && !control && !path.startsWith('-')) return;
  throw new SevError('BYTES_VALUE', { at: 'path', because: 'This cannot be a path of a file on the host.' });
}

function requireNumber(at: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new SevError('BYTES_VALUE', { at, because: `${value} is not within ${min}–${max}.` });
}
