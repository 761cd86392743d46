// What a host shows of itself, read once, so that the checks can look at each other's facts: processor, KVM, firmware.
import type { Generation } from '../../shared/trust/pinned-root.ts';
import type { CpuidLeaf, DeviceFacts, HostReadings } from './readings.ts';

export const SEV_LEAF = 0x8000001f;
const MSR_SYSCFG = 0xc0010010;

export const bitsOf = (value: number, high: number, low: number): number =>
  (value >>> low) & ((1 << (high - low + 1)) - 1);

export type Capability = 'sme' | 'sev' | 'sev_es' | 'sev_snp';
/** Bits of EAX of CPUID 8000001F. AMD APM, volume 3. */
const CAPABILITY_BITS: Readonly<Record<Capability, number>> = { sme: 0, sev: 1, sev_es: 3, sev_snp: 4 };

export interface Processor {
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  /** As the processor calls itself. */
  readonly called: string;
  /** Of the server processors with SEV. */
  readonly generation?: Generation;
  readonly name?: string;
  /** The Linux that came out with it; its vendor's kernel may be older by number and still know it. */
  readonly linux?: string;
}

interface ProcessorModels {
  readonly family: number;
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly generation: Generation;
  readonly linux: string;
}

const GENERATIONS: readonly ProcessorModels[] = [
  { family: 0x17, from: 0x01, to: 0x0f, name: 'Naples (EPYC 7001)', generation: 'naples', linux: '4.16' },
  { family: 0x17, from: 0x30, to: 0x3f, name: 'Rome (EPYC 7002)', generation: 'rome', linux: '5.2' },
  { family: 0x19, from: 0x00, to: 0x0f, name: 'Milan (EPYC 7003)', generation: 'milan', linux: '5.11' },
  { family: 0x19, from: 0x10, to: 0x1f, name: 'Genoa (EPYC 9004)', generation: 'genoa', linux: '6.1' },
  { family: 0x19, from: 0xa0, to: 0xaf, name: 'Bergamo or Siena (EPYC 9004, 8004)', generation: 'genoa', linux: '6.3' },
  { family: 0x1a, from: 0x00, to: 0x1f, name: 'Turin (EPYC 9005)', generation: 'turin', linux: '6.11' },
];

/** Named EPYC, and made like a Ryzen: 4004 and 4005. */
const WITHOUT_SEV: readonly Omit<ProcessorModels, 'name' | 'generation' | 'linux'>[] = [
  { family: 0x19, from: 0x60, to: 0x6f },
  { family: 0x1a, from: 0x40, to: 0x4f },
];

const within =
  ({ family, model }: Pick<Processor, 'family' | 'model'>) =>
  (one: { family: number; from: number; to: number }): boolean =>
    one.family === family && model >= one.from && model <= one.to;

export interface HostFacts {
  readonly processor: Processor;
  readonly flags: ReadonlySet<string>;
  /** CPUID 8000001F; missing where it may not be read. */
  readonly leaf?: CpuidLeaf;
  /** SYSCFG says that the BIOS has not switched SME on. */
  readonly smeOff: boolean;
  readonly device: DeviceFacts | { readonly error: string; readonly fix: string };
  readonly hasKvmAmd: boolean;
  /** Parameters of kvm_amd as it runs, such as `sev`. */
  readonly parameter: (name: string) => string | undefined;
  /** Places for guests at once. */
  readonly places: { readonly sev?: number; readonly es?: number };
  /** What the host itself has proven: KVM has it on, and the AMD-SP answered. No number of a version counts against that. */
  readonly works: { readonly sev: boolean; readonly es: boolean };
}

export const isOn = (value: string | undefined): boolean => value === 'Y' || value === '1';

export async function readFacts(host: HostReadings, sev: string): Promise<HostFacts> {
  const info = host.text('/proc/cpuinfo') ?? '';
  const field = (name: string): string => new RegExp(`^${name}[ \\t]*:[ \\t]*(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
  const leaf = host.cpuid(SEV_LEAF);
  const syscfg = host.msr(MSR_SYSCFG);
  const device = await host.device(sev);
  const parameter = (name: string) => host.text(`/sys/module/kvm_amd/parameters/${name}`)?.trim();
  const hasSev = isOn(parameter('sev')) && 'status' in device;
  return {
    processor: processorFrom(field),
    flags: new Set(field('flags').split(/\s+/)),
    ...(leaf && { leaf }),
    smeOff: syscfg !== undefined && ((syscfg >> 23n) & 1n) === 0n,
    device,
    // One that is built in has a folder for its parameters, too.
    hasKvmAmd: host.names('/sys/module').includes('kvm_amd') || parameter('sev') !== undefined,
    parameter,
    places: placesOf(host, leaf, isOn(parameter('sev_es'))),
    works: { sev: hasSev, es: hasSev && isOn(parameter('sev_es')) && 'status' in device && device.status.es },
  };
}

function processorFrom(field: (name: string) => string): Processor {
  const numbers = { family: Number(field('cpu family')), model: Number(field('model')) };
  const called = field('model name');
  const known = GENERATIONS.find(within(numbers));
  // Threadrippers and the first Ryzens have a server's numbers.
  const isServer = known !== undefined && !isClient(called);
  return {
    vendor: field('vendor_id'),
    ...numbers,
    called,
    ...(isServer && { generation: known.generation, name: known.name, linux: known.linux }),
  };
}

const isClient = (called: string): boolean =>
  /Ryzen|Threadripper|Athlon|Opteron|Phenom|Sempron|\bFX|\bA\d{1,2}-/.test(called);

/** Why a processor of AMD's has no SEV; undefined where it may have. */
export function lacksSev({ processor, flags, leaf }: HostFacts): 'epyc-client' | 'pro' | 'other' | undefined {
  const { called, generation } = processor;
  if (generation !== undefined) return undefined;
  const isEpyc = /EPYC/i.test(called);
  if (isEpyc && WITHOUT_SEV.some(within(processor))) return 'epyc-client';
  if (isClient(called)) return /\bPRO\b/i.test(called) && !flags.has('sev') ? 'pro' : 'other';
  const shows = flags.has('sev') || (leaf !== undefined && bitsOf(leaf.eax, 1, 1) === 1);
  if (shows) return undefined;
  return isEpyc ? 'epyc-client' : 'other';
}

/** A capability that the kernel shows as a flag, or CPUID as a bit. */
export const shows = ({ flags, leaf }: HostFacts, what: Capability): boolean =>
  flags.has(what) || bitSays({ leaf }, what);

export const bitSays = ({ leaf }: { leaf?: CpuidLeaf | undefined }, what: Capability): boolean =>
  leaf !== undefined && bitsOf(leaf.eax, CAPABILITY_BITS[what], CAPABILITY_BITS[what]) === 1;

/** The kernel's own count goes before CPUID: some ASIDs may be kept back. While SEV-ES is off, it counts none of those. */
function placesOf(host: HostReadings, leaf: CpuidLeaf | undefined, hasEs: boolean): HostFacts['places'] {
  const capacity = host.text('/sys/fs/cgroup/misc.capacity') ?? '';
  const counted = (name: string): number | undefined => {
    const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(capacity)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const setAside = leaf && Math.max(0, leaf.edx - 1);
  const sev = counted('sev') ?? (leaf && leaf.ecx - leaf.edx + 1);
  const es = counted('sev_es') === 0 && !hasEs ? setAside : (counted('sev_es') ?? setAside);
  return { ...(sev !== undefined && { sev }), ...(es !== undefined && { es }) };
}
