// The launch digest: SHA-256 over all that the AMD-SP imported before the guest ran. SHA-256 on every generation.
import { concat } from '../../bytes/writer.ts';
import { type Sha256Midstate, Sha256Stream } from '../../crypto/sha256-stream.ts';
import { encodeKernelHashes, type KernelHashes } from '../../guest/kernel-hashes.ts';
import { type VmsaPages, vmsaSequence } from '../../guest/vmsa.ts';

export type { VmsaPages } from '../../guest/vmsa.ts';

/** A guest image that was hashed once: what its SHA-256 remembers, in place of its bytes. */
export type ImageDigestState = Sha256Midstate;

export interface LaunchInputs {
  readonly guestImage: ImageDigestState;
  /** Only with kernel-hashes=on. */
  readonly kernelHashes?: KernelHashes;
  /** Only with SEV-ES. */
  readonly vmsas?: VmsaPages;
}

/** Hashes a guest image, in one piece or in several. */
export function hashGuestImage(...pieces: readonly Uint8Array[]): ImageDigestState {
  const stream = new Sha256Stream();
  for (const piece of pieces) stream.update(piece);
  return stream.midstate();
}

/**
 * @returns the launch digest, 32 bytes
 * @throws SevError BYTES_LENGTH, MEASURE_VCPUS
 */
export function launchDigestOf(inputs: LaunchInputs): Uint8Array {
  const stream = Sha256Stream.from(inputs.guestImage);
  for (const part of measuredAfterImage(inputs)) stream.update(part);
  return stream.digest();
}

/** The same as a promise, so that a caller may hand the work to a worker. */
export const computeLaunchDigest = (inputs: LaunchInputs): Promise<Uint8Array> =>
  new Promise((resolve) => resolve(launchDigestOf(inputs)));

/** The launch digest of a guest image at hand, for callers with a faster hash of their own: image, then these bytes. */
export const launchDigestTail = (inputs: Omit<LaunchInputs, 'guestImage'>): Uint8Array =>
  concat(...measuredAfterImage(inputs));

/** What is measured behind the guest image, in order: kernel hashes, then one VMSA page per vCPU, the boot CPU's first. */
export function measuredAfterImage({ kernelHashes, vmsas }: Omit<LaunchInputs, 'guestImage'>): readonly Uint8Array[] {
  return [...(kernelHashes ? [encodeKernelHashes(kernelHashes)] : []), ...(vmsas ? vmsaSequence(vmsas) : [])];
}
