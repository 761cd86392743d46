// What the guest owner expects to be measured, and the launch digest that follows from it.
import { fromHex } from '../../../../shared/bytes/text.ts';
import { type DescribedCpus, describedInputs } from '../../../../shared/sev/decide/described-launch.ts';
import { type Expectation, expectLaunch } from '../../../../shared/sev/decide/expectation.ts';
import type { FirmwareVersion } from '../../../../shared/sev/formats/firmware-version.ts';
import type { Finding } from '../../../../shared/findings/finding.ts';
import { cmdlineFindings } from '../../../../shared/guest/cmdline.ts';
import { imageFindings } from '../../../../shared/guest/image-findings.ts';
import { parsePolicy } from '../../../../shared/sev/formats/policy.ts';
import { type ImageRecord, readImageOf, requireOwnMidstate } from '../../../library/reference-record.ts';
import { claimsOf, type PlanOrigins, requireOwn } from './plan-origins.ts';

/** A file by its name and hash. */
export interface FileFacts {
  readonly name: string;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** Measured with kernel-hashes=on. */
export interface KernelPlan {
  readonly kernel?: FileFacts;
  readonly initrd?: FileFacts;
  readonly cmdline: string;
}

export type CpuPlan = DescribedCpus;

export interface Plan {
  /** The guest image, by its SHA-256 in the library. */
  readonly imageId?: string;
  readonly policy: number;
  /** Said yes to before the session was made: the host may share the guest's key. */
  readonly acceptsKeySharing: boolean;
  /** The host's launch profile that is meant, by name: a hint, never believed. */
  readonly profile?: string;
  readonly kernel?: KernelPlan;
  /** The oldest firmware that is taken, besides the policy's minimum API. */
  readonly floor?: FirmwareVersion;
  /** Measured with SEV-ES only. */
  readonly cpu: CpuPlan;
  /** Where each value came from; one that is missing is what an earlier version of the app claims. */
  readonly origins?: PlanOrigins;
  /** Said in so many words: the guest image may be one that was not read here, or that says nothing of itself. */
  readonly acceptsUnread?: boolean;
}

export const FIRST_CPU = { vcpus: 1, model: 'EPYC', variant: 'qemu', debugSwap: false } as const satisfies CpuPlan;

/**
 * What another launch takes over of this one: what is expected, and the policy. That the host may share the key is said
 * yes to anew, and session and keys are never of a plan.
 */
export const planLike = (plan: Plan): Plan => ({ ...plan, acceptsKeySharing: false, acceptsUnread: false });

export const usesEs = ({ policy }: Plan): boolean => parsePolicy(policy).es;

/** @throws SevError MEASURE_CLAIMED, MEASURE_CPU, MEASURE_VCPUS, MEASURE_VMSA, MEASURE_IMAGE, VAULT_RECORD */
export async function expectationOf(plan: Plan, image: ImageRecord): Promise<Expectation> {
  requireOwnMidstate(image);
  const origins = requireOwn(plan, image);
  const guestImage = readImageOf(image);
  const { kernel } = plan;
  const inputs = await describedInputs({
    guestImage: image.midstate,
    resetEip: guestImage?.resetEip,
    kernel: kernel?.kernel && {
      kernel: fromHex(kernel.kernel.sha256),
      ...(kernel.initrd && { initrd: fromHex(kernel.initrd.sha256) }),
      cmdline: kernel.cmdline,
    },
    cpus: usesEs(plan) ? plan.cpu : undefined,
  });
  return expectLaunch(inputs, {
    origins,
    guestImage,
    vouched: image.vouchedAt !== undefined,
    cmdline: kernel?.cmdline,
    floor: plan.floor,
    acceptsUnread: plan.acceptsUnread ?? false,
  });
}

/** @param simulated whether the launch is for a simulated platform, where the demo guest image is at home */
export function planFindings(plan: Plan, image: ImageRecord, simulated: boolean): readonly Finding[] {
  const wants = { kernelHashes: plan.kernel?.kernel !== undefined, es: usesEs(plan), secret: true };
  const trust = { vouched: image.vouchedAt !== undefined, simulated };
  const cmdline = plan.kernel ? cmdlineFindings(plan.kernel.cmdline) : [];
  const found = [...imageFindings(readImageOf(image), wants, trust), ...cmdline];
  return found.filter(({ severity }) => severity !== 'ok');
}

/** Whether pages that are to come from files are all there. */
export const hasAllPages = ({ pages, vcpus }: CpuPlan): boolean =>
  pages === undefined || (pages.boot !== undefined && (vcpus === 1 || pages.others !== undefined));

/** Whether there is all that a session needs. */
export const planIsWhole = (plan: Plan, image: ImageRecord | undefined, simulated: boolean): boolean =>
  image !== undefined &&
  claimsOf(plan, image).length === 0 &&
  (readImageOf(image) !== undefined || plan.acceptsUnread === true) &&
  (plan.kernel === undefined || plan.kernel.kernel !== undefined) &&
  (!usesEs(plan) || hasAllPages(plan.cpu)) &&
  planFindings(plan, image, simulated).every(({ severity }) => severity !== 'refused');
