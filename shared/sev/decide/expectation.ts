// What the guest owner asked for: computed from their own copies, never from what the host says.
import type { GuestImage } from '../../guest/guest-image.ts';
import type { FirmwareVersion } from '../formats/firmware-version.ts';
import { computeLaunchDigest, type LaunchInputs } from '../verify/launch-digest.ts';

export interface Expectation {
  /** 32 bytes. */
  readonly launchDigest: Uint8Array;
  /** Whether kernel, initrd and command line are part of it; unknown where only a digest was given. */
  readonly kernelHashes?: boolean;
  /** What the guest image says of itself; without it, nothing is released for a kernel by its hashes. */
  readonly guestImage?: GuestImage;
  /** How many VMSA pages are part of it, 0 without SEV-ES; unknown where only a digest was given. */
  readonly vcpus?: number;
  /** The oldest SEV firmware that the guest owner takes, besides the policy's minimum API. */
  readonly floor?: FirmwareVersion;
}

/** @throws SevError BYTES_LENGTH, MEASURE_VCPUS */
export async function expectLaunch(inputs: LaunchInputs, floor?: FirmwareVersion): Promise<Expectation> {
  const launchDigest = await computeLaunchDigest(inputs);
  const known = { kernelHashes: inputs.kernelHashes !== undefined, vcpus: inputs.vmsas?.vcpus ?? 0 };
  return { launchDigest, ...known, ...(floor && { floor }) };
}
