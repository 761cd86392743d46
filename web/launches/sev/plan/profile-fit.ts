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

export type Field = 'image' | 'es' | 'kernel' | 'initrd' | 'cmdline' | 'vcpus' | 'model';

/** One field of what a host offers beside what the owner expects. Nothing of the one is ever written into the other. */
export interface Compared {
  readonly field: Field;
  /** The host's word; for a command line all of it. */
  readonly theirs: string;
  /** Missing where the owner has not said it yet. */
  readonly own?: string;
  readonly same: boolean;
  /** Of a file: the host's hash, by which the owner's own library may know it. */
  readonly sha256?: string;
}

/** The words that stand for a value. */
export interface ComparedWords {
  readonly nothing: string;
  readonly withEs: string;
  readonly withoutEs: string;
}

/** @param image the guest image that the owner chose */
export function comparisonOf(
  profile: Profile,
  plan: Plan,
  image: FileFacts | undefined,
  say: ComparedWords,
): readonly Compared[] {
  const es = usesEs(plan);
  const esWords = (on: boolean): string => (on ? say.withEs : say.withoutEs);
  const rows: Compared[] = [
    fileRow('image', profile.firmware, image, say),
    { field: 'es', theirs: esWords(profile.sevEs), own: esWords(es), same: profile.sevEs === es },
  ];
  const { kernel } = plan;
  if (profile.kernel || kernel) {
    const line = profile.cmdline ?? '';
    rows.push(
      fileRow('kernel', profile.kernel, kernel?.kernel, say),
      fileRow('initrd', profile.initrd, kernel?.initrd, say, kernel !== undefined),
      { field: 'cmdline', theirs: line, ...(kernel && { own: kernel.cmdline }), same: kernel?.cmdline === line },
    );
  }
  if (!es) return rows;
  const { vcpus, model, pages } = plan.cpu;
  rows.push({ field: 'vcpus', theirs: String(profile.cpus), own: String(vcpus), same: profile.cpus === vcpus });
  if (pages || profile.cpuModel === undefined) return rows;
  const [theirs, own] = [modelOf(profile.cpuModel), modelOf(model)];
  return [
    ...rows,
    { field: 'model', theirs: profile.cpuModel, own: model, same: theirs !== undefined && theirs === own },
  ];
}

function fileRow(
  field: 'image' | 'kernel' | 'initrd',
  hint: FileHint | undefined,
  own: FileFacts | undefined,
  { nothing }: ComparedWords,
  said = false,
): Compared {
  const shown = own ? own.name : said ? nothing : undefined;
  return {
    field,
    theirs: hint?.name ?? nothing,
    ...(shown !== undefined && { own: shown }),
    same: sameFile(hint, own) && shown !== undefined,
    ...(hint?.sha256 !== undefined && { sha256: hint.sha256 }),
  };
}

const sameFile = (hint: FileHint | undefined, own: FileFacts | undefined): boolean => hint?.sha256 === own?.sha256;

/** `EPYC-Milan-v2` → `EPYC-Milan`; undefined for a model whose signature is not known here. */
export const modelOf = (name: string): string | undefined =>
  CPU_MODELS.find((known) => known.name.toLowerCase() === name.replace(/-v\d+$/, '').toLowerCase())?.name;
