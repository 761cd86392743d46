// How a launch profile of the host goes together with what the guest owner expects. All that a host says is a hint: this
// saves a session from being spent on a launch that cannot match, and decides nothing.
import type { FileHint, Profile } from '../../../../shared/relay-protocol.ts';
import { CPU_MODELS } from '../../../../shared/guest/cpu-signature.ts';
import { type FileFacts, type Plan, usesEs } from './plan.ts';

/** The first thing that differs. */
export type Difference =
  | 'wants-es'
  | 'lacks-es'
  | 'image'
  | 'kernel-unexpected'
  | 'kernel-missing'
  | 'kernel'
  | 'initrd'
  | 'cmdline'
  | 'vcpus'
  | 'cpu-model';

/** @returns undefined where all that the profile names is what is expected */
export function differenceOf(profile: Profile, plan: Plan): Difference | undefined {
  const es = usesEs(plan);
  if (profile.sevEs !== es) return profile.sevEs ? 'wants-es' : 'lacks-es';
  if (profile.firmware.sha256 !== plan.imageId) return 'image';
  return kernelDifference(profile, plan) ?? (es ? cpuDifference(profile, plan) : undefined);
}

function kernelDifference({ kernel, initrd, cmdline = '' }: Profile, plan: Plan): Difference | undefined {
  if (!kernel) return plan.kernel ? 'kernel-missing' : undefined;
  if (!plan.kernel) return 'kernel-unexpected';
  if (!sameFile(kernel, plan.kernel.kernel)) return 'kernel';
  if (!sameFile(initrd, plan.kernel.initrd)) return 'initrd';
  return cmdline === plan.kernel.cmdline ? undefined : 'cmdline';
}

function cpuDifference({ cpus, cpuModel }: Profile, { cpu }: Plan): Difference | undefined {
  if (cpus !== cpu.vcpus) return 'vcpus';
  if (cpu.pages) return undefined; // Pages of one's own may be of any model.
  const [theirs, own] = [modelOf(cpuModel), modelOf(cpu.model)];
  // What is not known here by name may be any model: the measurement tells.
  return theirs === undefined || own === undefined || theirs === own ? undefined : 'cpu-model';
}

const sameFile = (hint: FileHint | undefined, own: FileFacts | undefined): boolean => hint?.sha256 === own?.sha256;

/** `EPYC-Milan-v2` → `EPYC-Milan`; undefined for a model whose signature is not known here. */
export const modelOf = (name: string): string | undefined =>
  CPU_MODELS.find((known) => known.name.toLowerCase() === name.replace(/-v\d+$/, '').toLowerCase())?.name;
