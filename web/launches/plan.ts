// What the guest owner expects to be measured, and the launch digest that follows from it.
import { fromHex } from '../../shared/bytes/text.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import { type Expectation, expectLaunch, type FirmwareFloor } from '../../shared/decide/expectation.ts';
import type { Finding } from '../../shared/decide/finding.ts';
import { imageFindings } from '../../shared/decide/image-findings.ts';
import { signatureOfModel } from '../../shared/formats/cpu-signature.ts';
import { cmdlineBytes, type KernelHashes } from '../../shared/formats/kernel-hashes.ts';
import { parsePolicy } from '../../shared/formats/policy.ts';
import { buildVmsaPages, DEBUG_SWAP, type VmsaPages, type VmsaVariant } from '../../shared/formats/vmsa.ts';
import { type ImageRecord, requireOwnMidstate } from '../library/reference-record.ts';

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

export interface CpuPlan {
  readonly vcpus: number;
  /** QEMU's name, such as `EPYC-Milan`. */
  readonly model: string;
  readonly variant: VmsaVariant;
  readonly debugSwap: boolean;
}

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
  readonly floor?: FirmwareFloor;
  /** Measured with SEV-ES only. */
  readonly cpu: CpuPlan;
}

export const FIRST_CPU: CpuPlan = { vcpus: 1, model: 'EPYC', variant: 'qemu', debugSwap: false };

/**
 * What another launch takes over of this one: what is expected, and the policy. That the host may share the key is said
 * yes to anew, and session and keys are never of a plan.
 */
export const planLike = (plan: Plan): Plan => ({ ...plan, acceptsKeySharing: false });

const usesEs = ({ policy }: Plan): boolean => parsePolicy(policy).es;

/** @throws SevError MEASURE_CPU, MEASURE_VCPUS, MEASURE_IMAGE, VAULT_RECORD */
export async function expectationOf(plan: Plan, image: ImageRecord): Promise<Expectation> {
  requireOwnMidstate(image);
  const kernelHashes = await kernelHashesOf(plan.kernel);
  const vmsas = usesEs(plan) ? vmsaPagesOf(plan.cpu, image) : undefined;
  const inputs = { guestImage: image.midstate, ...(kernelHashes && { kernelHashes }), ...(vmsas && { vmsas }) };
  return expectLaunch(inputs, plan.floor);
}

/** No initrd is the hash of nothing; no command line is the hash of one NUL. */
async function kernelHashesOf(kernel: KernelPlan | undefined): Promise<KernelHashes | undefined> {
  if (!kernel?.kernel) return undefined;
  return {
    kernel: fromHex(kernel.kernel.sha256),
    initrd: kernel.initrd ? fromHex(kernel.initrd.sha256) : await sha256(new Uint8Array()),
    cmdline: await sha256(cmdlineBytes(kernel.cmdline)),
  };
}

function vmsaPagesOf({ vcpus, model, variant, debugSwap }: CpuPlan, { guestImage }: ImageRecord): VmsaPages {
  const resetEip = guestImage?.resetEip;
  const settings = {
    variant,
    cpuSignature: signatureOfModel(model),
    ...(resetEip !== undefined && { resetEip }),
    ...(debugSwap && { sevFeatures: DEBUG_SWAP }),
  };
  return buildVmsaPages(settings, vcpus);
}

/** What the chosen image cannot do of what is planned, or does in its own way. */
export function planFindings(plan: Plan, image: ImageRecord): readonly Finding[] {
  if (!image.guestImage) return [];
  const wants = { kernelHashes: plan.kernel?.kernel !== undefined, es: usesEs(plan), secret: true };
  return imageFindings(image.guestImage, wants).filter(({ severity }) => severity !== 'ok');
}

/** Whether there is all that a session needs. */
export const planIsWhole = (plan: Plan, image: ImageRecord | undefined): boolean =>
  image !== undefined &&
  (plan.kernel === undefined || plan.kernel.kernel !== undefined) &&
  planFindings(plan, image).every(({ severity }) => severity !== 'refused');
