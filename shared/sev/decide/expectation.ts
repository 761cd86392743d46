// What the guest owner asked for: computed from their own values, never from what a host, a code or a link says.
import { SevError } from '../../errors.ts';
import type { GuestImage } from '../../guest/guest-image.ts';
import { isOwn, type Origin, type OwnerOrigin } from '../../origins/origin.ts';
import type { FirmwareVersion } from '../formats/firmware-version.ts';
import { computeLaunchDigest, type LaunchInputs } from '../verify/launch-digest.ts';

declare const brand: unique symbol;

/** Where each part of what is measured came from. With `OwnerOrigin`, none of it is a claim. */
export interface LaunchOrigins<O extends Origin = Origin> {
  readonly image: O;
  readonly kernel?: O;
  readonly initrd?: O;
  readonly cmdline?: O;
  readonly cpus?: O;
  readonly policy?: O;
  readonly floor?: O;
}

/** Only `expectLaunch`, `expectMeasured` and `expectDigest` make it; `decide` takes no look-alike. */
export interface Expectation {
  readonly [brand]: true;
  /** 32 bytes. */
  readonly launchDigest: Uint8Array;
  readonly origins: LaunchOrigins<OwnerOrigin>;
  /** Whether kernel, initrd and command line are part of it; unknown where only a digest was given. */
  readonly kernelHashes?: boolean;
  /** The command line, where one is part of it. */
  readonly cmdline?: string;
  /** What the guest image says of itself; only of a file that was read on this device. */
  readonly guestImage?: GuestImage;
  /** The owner vouches for this very image. */
  readonly vouched: boolean;
  /** How many VMSA pages are part of it, 0 without SEV-ES; unknown where only a digest was given. */
  readonly vcpus?: number;
  /** The oldest SEV firmware that the guest owner takes, besides the policy's minimum API. */
  readonly floor?: FirmwareVersion;
  /** The owner has said in so many words that what could not be looked into is to be accepted. */
  readonly acceptsUnread: boolean;
}

/** What the owner says beside the measured bytes. */
export interface OwnSaying {
  readonly origins: LaunchOrigins<OwnerOrigin>;
  /** What the image says of itself: left out of account unless its file was hashed here. */
  readonly guestImage?: GuestImage | undefined;
  readonly vouched?: boolean;
  readonly cmdline?: string | undefined;
  readonly floor?: FirmwareVersion | undefined;
  readonly acceptsUnread?: boolean;
}

const made = new WeakSet<Expectation>();

/** What was measured, by a caller with a faster hash of its own. */
export interface MeasuredHere {
  /** 32 bytes. */
  readonly launchDigest: Uint8Array;
  readonly kernelHashes: boolean;
  /** 0 without SEV-ES. */
  readonly vcpus: number;
}

/**
 * @throws SevError BYTES_LENGTH, MEASURE_VCPUS; MEASURE_CLAIMED where a claim came past the types, as from a record
 */
export async function expectLaunch(inputs: LaunchInputs, own: OwnSaying): Promise<Expectation> {
  const launchDigest = await computeLaunchDigest(inputs);
  const { kernelHashes, vmsas } = inputs;
  return expectMeasured({ launchDigest, kernelHashes: kernelHashes !== undefined, vcpus: vmsas?.vcpus ?? 0 }, own);
}

/** The same from a digest that was computed here, of files that were read here. @throws SevError MEASURE_CLAIMED */
export function expectMeasured({ launchDigest, kernelHashes, vcpus }: MeasuredHere, own: OwnSaying): Expectation {
  const { guestImage, cmdline, floor, origins, vouched = false, acceptsUnread = false } = own;
  const readHere = origins.image === 'hashed-here';
  return make({
    launchDigest,
    origins,
    vouched: vouched && readHere,
    acceptsUnread,
    kernelHashes,
    vcpus,
    ...(kernelHashes && cmdline !== undefined && { cmdline }),
    ...(guestImage && readHere && { guestImage }),
    ...(floor && { floor }),
  });
}

/**
 * The same where all that was measured stands in one digest of the owner's: what is in it, nobody can look at.
 * @param launchDigest 32 bytes
 * @throws SevError MEASURE_CLAIMED
 */
export const expectDigest = (
  launchDigest: Uint8Array,
  own: Pick<OwnSaying, 'acceptsUnread' | 'floor'> & { readonly origin: OwnerOrigin },
): Expectation =>
  make({
    launchDigest,
    origins: { image: own.origin },
    vouched: false,
    acceptsUnread: own.acceptsUnread ?? false,
    ...(own.floor && { floor: own.floor }),
  });

/** Whether one of the functions above made it, for a caller that types cannot hold. */
export const isExpectation = (expectation: Expectation): boolean => made.has(expectation);

function make(parts: Omit<Expectation, typeof brand>): Expectation {
  const claimed = Object.entries(parts.origins as LaunchOrigins).find(
    ([, origin]) => origin && !isOwn(origin as Origin),
  );
  if (claimed) throw new SevError('MEASURE_CLAIMED', { at: claimed[0] });
  const expectation = Object.freeze({ ...parts, launchDigest: parts.launchDigest.slice() }) as Expectation;
  made.add(expectation);
  return expectation;
}
