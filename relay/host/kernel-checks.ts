// The kernel: what it was told, modules, KVM, limits and access rules. What it can is asked of itself; its number decides nothing.
import { type Answer, type Check, fail, follows, type Look, pass, skip, warn } from './check.ts';
import { isOn } from './host-facts.ts';
import { offLine, offWords, sevWords, wasAsked } from './kernel-words.ts';
import { SAY } from './words.ts';

type Module = 'sev' | 'sev_es';

/** Only what switches off is a fault: a kernel of today needs no words at all. */
const toldOff =
  (module: Module) =>
  ({ host, distribution, facts }: Look): Answer => {
    const words = offWords(host, module);
    const isOff = !isOn(facts.parameter(module));
    if (words.length > 0)
      return isOff ? fail(SAY.offByKernel(words, distribution)) : warn(SAY.offAtNextStart(words, distribution));
    const file = isOff ? offLine(host, module) : undefined;
    return file ? fail(SAY.offByModprobe(file.line, file.path)) : pass(SAY.parameters(sevWords(host)));
  };

const inKvm =
  (module: Module) =>
  ({ host, distribution, facts, blockedBy }: Look): Answer => {
    const value = facts.parameter(module);
    if (value !== undefined && isOn(value)) return pass(SAY.moduleOn(module, value));
    const kvm = blockedBy('kvm');
    if (!facts.hasKvmAmd) return kvm === undefined ? fail(SAY.moduleMissing(module)) : follows(kvm);
    if (value === undefined) return fail(SAY.moduleKnowsNot(module));
    if (['N', '0'].includes(facts.parameter('npt') ?? '')) return fail(SAY.noNestedPaging());
    // Asked for once already, it would be turned off again.
    return wasAsked(host, module)
      ? fail(SAY.moduleRefused(module, value))
      : fail(SAY.moduleOff(module, value, distribution));
  };

function snp({ facts }: Look): Answer {
  const value = facts.parameter('sev_snp');
  if (isOn(value)) return warn(SAY.snpOn(undefined));
  if (value !== undefined) return pass(SAY.snpOff());
  return facts.hasKvmAmd ? pass(SAY.snpUnknownToKernel()) : skip(SAY.snpUnknown());
}

function driver({ host, facts, sev }: Look): Answer {
  if (host.names('/sys/module').includes('ccp')) return pass(SAY.driverLoaded());
  // A driver that is built in has no folder among the modules where it has no parameters.
  const runs = 'status' in facts.device || host.access(sev) !== undefined;
  if (runs || host.names('/sys/bus/pci/drivers').includes('ccp')) return pass(SAY.driverBuiltIn());
  return fail(SAY.noDriver());
}

function memlock({ host }: Look): Answer {
  const line = /^Max locked memory\s+(\S+)\s+(\S+)/m.exec(host.text('/proc/self/limits') ?? '');
  if (line === null) return skip(SAY.unread('The limit'));
  const [soft, hard] = [line[1]!, line[2]!];
  const show = (limit: string): string =>
    limit === 'unlimited' ? limit : `${Math.round(Number(limit) / 1024 ** 2)} MiB`;
  const isLow = soft !== 'unlimited' && Number(soft) < 4 * 1024 ** 3;
  return (isLow ? warn : pass)(SAY.memlock(`${show(soft)}, at most ${show(hard)}.`, isLow));
}

function selinux({ host }: Look): Answer {
  const mode = host.text('/sys/fs/selinux/enforce')?.trim();
  if (mode === undefined) return pass(SAY.noSelinux());
  return mode === '0' ? pass(SAY.selinuxPermissive()) : warn(SAY.selinux());
}

async function kvm({ host }: Look): Promise<Answer> {
  const version = await host.kvmVersion();
  if (version >= 0) return pass(SAY.kvmWorks());
  return version === -13 || version === -1 ? fail(SAY.kvmRights(host.userName())) : fail(SAY.noKvm());
}

export const KERNEL_CHECKS: readonly Check[] = [
  {
    id: 'kernel-version',
    name: 'Kernel',
    needed: 'nothing',
    look: ({ host, distribution }) => {
      const version = host.text('/proc/sys/kernel/osrelease')?.trim() ?? '';
      return version === '' ? skip(SAY.unread('The version')) : pass(SAY.kernel(version, distribution.name));
    },
  },
  { id: 'kvm', name: 'KVM', needed: 'sev', look: kvm },
  {
    id: 'kernel-parameters',
    name: 'Kernel parameters',
    needed: 'sev',
    after: ['cpu-epyc'],
    look: toldOff('sev'),
  },
  {
    id: 'kernel-parameters-es',
    name: 'Kernel parameters for SEV-ES',
    needed: 'sev-es',
    after: ['cpu-epyc', 'kernel-parameters'],
    look: toldOff('sev_es'),
  },
  {
    id: 'kvm-sev',
    name: 'SEV in KVM',
    needed: 'sev',
    after: ['cpu-sev', 'kernel-parameters'],
    look: inKvm('sev'),
  },
  {
    id: 'kvm-sev-es',
    name: 'SEV-ES in KVM',
    needed: 'sev-es',
    after: ['cpu-sev-es', 'cpu-es-asids', 'kernel-parameters-es', 'kvm-sev'],
    look: inKvm('sev_es'),
  },
  { id: 'module-ccp', name: 'Driver of the AMD-SP', needed: 'sev', after: ['cpu-sev'], look: driver },
  { id: 'memlock', name: 'Locked memory', needed: 'nothing', look: memlock },
  { id: 'selinux', name: 'SELinux', needed: 'nothing', look: selinux },
];

/** Looked at after the firmware, which decides whether SEV-SNP is in the way. */
export const SNP_CHECKS: readonly Check[] = [
  {
    id: 'kvm-snp',
    name: 'SEV-SNP beside SEV-ES',
    needed: 'sev-es',
    after: ['cpu-sev'],
    look: (look) => {
      const { device } = look.facts;
      if (!isOn(look.facts.parameter('sev_snp')) || !('status' in device)) return snp(look);
      const { apiMajor, apiMinor } = device.status;
      const api = `${apiMajor}.${apiMinor}`;
      return apiMajor > 1 || (apiMajor === 1 && apiMinor >= 58) ? fail(SAY.snpEndsEs(api)) : warn(SAY.snpOn(api));
    },
  },
];
