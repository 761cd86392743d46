// What a guest owner says of a launch, by names and hashes, and all that is measured of it.
import { sha256 } from '../../crypto/subtle.ts';
import { readCpu } from '../../guest/cpu-signature.ts';
import { cmdlineBytes, type KernelHashes } from '../../guest/kernel-hashes.ts';
import { vmsaPagesInPlace } from '../../guest/vmsa-files.ts';
import { buildVmsaPages, DEBUG_SWAP, type VmsaPages, type VmsaVariant } from '../../guest/vmsa.ts';
import type { ImageDigestState, LaunchInputs } from '../verify/launch-digest.ts';

/** A VMSA page from a file of the guest owner's own: 4,096 bytes. */
export interface SuppliedPage {
  readonly name: string;
  readonly page: Uint8Array;
}

/** Pages that are measured as they are; either may be still to come. */
export interface SuppliedPages {
  readonly boot?: SuppliedPage;
  /** The one for all CPUs but the first. */
  readonly others?: SuppliedPage;
}

/** The virtual CPUs, where SEV-ES measures their first registers. */
export interface DescribedCpus {
  readonly vcpus: number;
  /** QEMU's name, such as `EPYC-Milan`, or any other CPU as `readCpu` takes it. */
  readonly model: string;
  readonly variant: VmsaVariant;
  readonly debugSwap: boolean;
  /** In place of built ones: model, variant and debug-swap are then in the pages, whatever is said here. */
  readonly pages?: SuppliedPages;
}

export interface DescribedLaunch {
  readonly guestImage: ImageDigestState;
  /** Of the guest image: where all CPUs but the first start. */
  readonly resetEip?: number | undefined;
  /** With kernel-hashes=on: the files' SHA-256, 32 bytes each. */
  readonly kernel?: { readonly kernel: Uint8Array; readonly initrd?: Uint8Array; readonly cmdline: string } | undefined;
  /** With SEV-ES. */
  readonly cpus?: DescribedCpus | undefined;
}

/** @throws SevError MEASURE_CPU, MEASURE_VCPUS, MEASURE_VMSA, MEASURE_IMAGE, BYTES_LENGTH */
export async function describedInputs({ guestImage, resetEip, kernel, cpus }: DescribedLaunch): Promise<LaunchInputs> {
  const kernelHashes = kernel && (await kernelHashesOf(kernel));
  const vmsas = cpus && vmsaPagesOf(cpus, resetEip);
  return { guestImage, ...(kernelHashes && { kernelHashes }), ...(vmsas && { vmsas }) };
}

/** No initrd is the hash of nothing; no command line is the hash of one NUL. */
const kernelHashesOf = async (given: NonNullable<DescribedLaunch['kernel']>): Promise<KernelHashes> => ({
  kernel: given.kernel,
  initrd: given.initrd ?? (await sha256(new Uint8Array())),
  cmdline: await sha256(cmdlineBytes(given.cmdline)),
});

function vmsaPagesOf(cpus: DescribedCpus, resetEip: number | undefined): VmsaPages {
  const { vcpus, model, variant, debugSwap, pages } = cpus;
  if (pages) return vmsaPagesInPlace(vcpus, { boot: pages.boot?.page, others: pages.others?.page });
  const settings = {
    variant,
    cpuSignature: readCpu(model),
    ...(resetEip !== undefined && { resetEip }),
    ...(debugSwap && { sevFeatures: DEBUG_SWAP }),
  };
  return buildVmsaPages(settings, vcpus);
}
