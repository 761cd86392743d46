// The processor: what it is, what it can, and how many encrypted guests it has room for. AMD APM, CPUID 8000001F.
import { type Answer, type Check, fail, type Look, pass, skip, warn } from './check.ts';
import type { Generation } from '../../shared/trust/pinned-root.ts';
import type { HostReadings } from './readings.ts';

const LEAF = 0x8000001f;
const MSR_SYSCFG = 0xc0010010;
const IN_BIOS = 'Operator: in the BIOS switch on SMEE (“Secure Memory Encryption”), then start the host again.';

const field = (host: HostReadings, name: string): string =>
  new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(host.text('/proc/cpuinfo') ?? '')?.[1]?.trim() ?? '';

const flags = (host: HostReadings): readonly string[] => field(host, 'flags').split(/\s+/);

const bits = (value: number, high: number, low: number): number => (value >>> low) & ((1 << (high - low + 1)) - 1);

interface ProcessorModels {
  readonly family: number;
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly generation: Generation;
}

const GENERATIONS: readonly ProcessorModels[] = [
  { family: 0x17, from: 0x01, to: 0x0f, name: 'Naples (EPYC 7001)', generation: 'naples' },
  { family: 0x17, from: 0x30, to: 0x3f, name: 'Rome (EPYC 7002)', generation: 'rome' },
  { family: 0x19, from: 0x00, to: 0x0f, name: 'Milan (EPYC 7003)', generation: 'milan' },
  { family: 0x19, from: 0x10, to: 0x1f, name: 'Genoa (EPYC 9004)', generation: 'genoa' },
  { family: 0x19, from: 0xa0, to: 0xaf, name: 'Bergamo or Siena (EPYC 9004, 8004)', generation: 'genoa' },
  { family: 0x1a, from: 0x00, to: 0x1f, name: 'Turin (EPYC 9005)', generation: 'turin' },
];

/** What /proc/cpuinfo says of the processor; undefined for one that is not known here. */
export function processorOf(host: HostReadings): ProcessorModels | undefined {
  const [family, model] = [Number(field(host, 'cpu family')), Number(field(host, 'model'))];
  return GENERATIONS.find((one) => one.family === family && model >= one.from && model <= one.to);
}

/** A capability that the kernel shows as a flag, and CPUID as a bit. */
function capability(host: HostReadings, flag: string, bit: number): boolean {
  const leaf = host.cpuid(LEAF);
  return flags(host).includes(flag) || (leaf !== undefined && bits(leaf.eax, bit, bit) === 1);
}

function asids({ host }: Look): Answer {
  const leaf = host.cpuid(LEAF);
  const capacity = host.text('/sys/fs/cgroup/misc.capacity') ?? '';
  const counted = (name: string): number | undefined => {
    const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(capacity)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const sev = counted('sev') ?? (leaf && leaf.ecx - leaf.edx + 1);
  const es = counted('sev_es') ?? (leaf && Math.max(0, leaf.edx - 1));
  if (sev === undefined)
    return skip('The numbers of guests cannot be read here; run this as root with `modprobe cpuid`.');
  if (sev <= 0)
    return fail('All places are reserved for SEV-ES guests.', 'Operator: lower “SEV-ES ASID space limit” in the BIOS.');
  return pass(`Room for ${sev} SEV and ${es ?? 0} SEV-ES guests at once.`);
}

function esAsids({ host }: Look): Answer {
  const leaf = host.cpuid(LEAF);
  const found = /^sev_es (\d+)$/m.exec(host.text('/sys/fs/cgroup/misc.capacity') ?? '')?.[1];
  const es = found === undefined ? leaf && Math.max(0, leaf.edx - 1) : Number(found);
  if (es === undefined) return skip('The number of SEV-ES guests cannot be read here.');
  if (es > 0) return pass(`${es} places are set aside for SEV-ES guests.`);
  return fail(
    'No place is set aside for SEV-ES guests.',
    'Operator: raise “SEV-ES ASID space limit” (minimum SEV ASID) above 1 in the BIOS.',
  );
}

export const CPU_CHECKS: readonly Check[] = [
  {
    id: 'cpu-amd',
    name: 'AMD processor',
    needed: 'sev',
    look: ({ host }) =>
      field(host, 'vendor_id') === 'AuthenticAMD'
        ? pass('The processor is made by AMD.')
        : fail(
            `The processor is made by “${field(host, 'vendor_id') || 'nobody known'}”.`,
            'SEV needs a server with an AMD EPYC processor.',
          ),
  },
  {
    id: 'cpu-epyc',
    name: 'EPYC generation',
    needed: 'nothing',
    after: ['cpu-amd'],
    look: ({ host }) => {
      const [family, model] = [Number(field(host, 'cpu family')), Number(field(host, 'model'))];
      const name = processorOf(host)?.name;
      const what = `${field(host, 'model name')}, family ${family} · 0x${family.toString(16)}, model ${model} · 0x${model.toString(16)}`;
      if (!/EPYC/.test(what)) return warn(`This is no EPYC: ${what}.`, 'Only EPYC processors have SEV.');
      return pass(name === undefined ? what : `${name}: ${what}`);
    },
  },
  {
    id: 'cpu-hypervisor',
    name: 'Bare metal',
    needed: 'nothing',
    after: ['cpu-amd'],
    look: ({ host }) =>
      flags(host).includes('hypervisor')
        ? warn(
            'This system is a virtual machine itself: SEV guests cannot be nested.',
            'Run the relay on the machine itself.',
          )
        : pass('No hypervisor beneath.'),
  },
  {
    id: 'cpu-sme',
    name: 'Secure Memory Encryption (SME)',
    needed: 'sev',
    after: ['cpu-amd'],
    look: ({ host }) => {
      const syscfg = host.msr(MSR_SYSCFG);
      if (syscfg !== undefined && ((syscfg >> 23n) & 1n) === 0n)
        return fail('It is switched off in the BIOS.', IN_BIOS);
      return capability(host, 'sme', 0)
        ? pass('The processor has it.')
        : fail('The processor does not show it.', IN_BIOS);
    },
  },
  {
    id: 'cpu-sev',
    name: 'Secure Encrypted Virtualization (SEV)',
    needed: 'sev',
    after: ['cpu-amd'],
    look: ({ host }) =>
      capability(host, 'sev', 1) ? pass('The processor has it.') : fail('The processor does not show it.', IN_BIOS),
  },
  {
    id: 'cpu-sev-es',
    name: 'Encrypted State (SEV-ES)',
    needed: 'sev-es',
    after: ['cpu-sev'],
    look: ({ host }) =>
      capability(host, 'sev_es', 3)
        ? pass('The processor has it.')
        : fail('The processor does not show it.', 'SEV-ES needs EPYC 7002 or later, and a kernel of 5.11 or later.'),
  },
  {
    id: 'cpu-sev-snp',
    name: 'Secure Nested Paging (SEV-SNP)',
    needed: 'nothing',
    after: ['cpu-sev'],
    look: ({ host }) =>
      capability(host, 'sev_snp', 4) ? pass('The processor has it.') : skip('The processor does not show it.'),
  },
  {
    id: 'cpu-cbit',
    name: 'C-bit',
    needed: 'nothing',
    after: ['cpu-sev'],
    look: ({ host }) => {
      const leaf = host.cpuid(LEAF);
      if (leaf === undefined) return skip('CPUID cannot be read here; run this as root with `modprobe cpuid`.');
      return pass(`Bit ${bits(leaf.ebx, 5, 0)}; addresses lose ${bits(leaf.ebx, 11, 6)} bits.`);
    },
  },
  { id: 'cpu-asids', name: 'Places for SEV guests', needed: 'sev', after: ['cpu-sev'], look: asids },
  {
    id: 'cpu-es-asids',
    name: 'Places for SEV-ES guests',
    needed: 'sev-es',
    after: ['cpu-sev', 'cpu-sev-es'],
    look: esAsids,
  },
  {
    id: 'cpu-page-flush',
    name: 'Page flush register',
    needed: 'nothing',
    after: ['cpu-sev'],
    look: ({ host }) => {
      const leaf = host.cpuid(LEAF);
      if (leaf === undefined) return skip('CPUID cannot be read here.');
      return pass(bits(leaf.eax, 2, 2) === 1 ? 'It is there.' : 'It is not there; nothing here needs it.');
    },
  },
];
