// What a guest owner says of a launch, by names and hashes, and all that is measured of it.
import { sha256 } from '../crypto/subtle.ts';
import { readCpu } from '../formats/cpu-signature.ts';
import { cmdlineBytes, type KernelHashes } from '../formats/kernel-hashes.ts';
import { buildVmsaPages, DEBUG_SWAP, type VmsaPages, type VmsaVariant } from '../formats/vmsa.ts';
import type { ImageDigestState, LaunchInputs } from '../verify/launch-digest.ts';

/** The virtual CPUs, where SEV-ES measures their first registers. */
export interface DescribedCpus {
  readonly vcpus: number;
  /** QEMU's name, such as `EPYC-Milan`, or any other CPU as `readCpu` takes it. */
  readonly model: string;
  readonly variant: VmsaVariant;
  readonly debugSwap: boolean;
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

/** @throws SevError MEASURE_CPU, MEASURE_VCPUS, MEASURE_IMAGE */
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

function vmsaPagesOf({ vcpus, model, variant, debugSwap }: DescribedCpus, resetEip: number | undefined): VmsaPages {
  const settings = {
    variant,
    cpuSignature: readCpu(model),
    ...(resetEip !== undefined && { resetEip }),
    ...(debugSwap && { sevFeatures: DEBUG_SWAP }),
  };
  return buildVmsaPages(settings, vcpus);
}
