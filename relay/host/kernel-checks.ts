// The kernel: version, parameters, modules, KVM, limits and access rules.
import { type Answer, type Check, fail, type Look, pass, skip, versionAtLeast, warn } from './check.ts';
import type { HostReadings } from './readings.ts';

const parameter = (host: HostReadings, name: string): string | undefined =>
  host.text(`/sys/module/kvm_amd/parameters/${name}`)?.trim();
const isOn = (value: string | undefined): boolean => value === 'Y' || value === '1';
const isLoaded = (host: HostReadings, module: string): boolean => host.names('/sys/module').includes(module);

function moduleParameter(name: 'sev' | 'sev_es', label: string) {
  return ({ host, distribution }: Look): Answer => {
    const value = parameter(host, name);
    if (isOn(value)) return pass(`kvm_amd has ${name}=${value}.`);
    const fix = `Operator: \`modprobe -r kvm_amd && modprobe kvm_amd ${name}=1\`; for good, ${distribution.kernelParameters(`kvm_amd.${name}=1`)}.`;
    if (value === undefined && !isLoaded(host, 'kvm_amd')) return fail('The module kvm_amd is not loaded.', fix);
    if (value === undefined) return fail(`kvm_amd is too old to know ${label}.`, fix);
    return fail(`kvm_amd has ${label} switched off (${name}=${value}).`, fix);
  };
}

function snp({ host }: Look): Answer {
  const value = parameter(host, 'sev_snp');
  if (isOn(value)) {
    return warn(
      'SEV-SNP is on. Some firmware then refuses plain SEV guests.',
      'Operator: if LAUNCH_START fails with status 0x15, switch SEV-SNP off in the BIOS or update the SEV firmware.',
    );
  }
  if (value !== undefined) return pass('SEV-SNP is off and not in the way.');
  if (isLoaded(host, 'kvm_amd')) return pass('kvm_amd does not know SEV-SNP: it is not in the way.');
  return skip('kvm_amd is not loaded, so nothing says whether SEV-SNP is on.');
}

function commandLine({ host, distribution }: Look): Answer {
  const words = (host.text('/proc/cmdline') ?? '').split(/\s+/);
  const off = words.filter((word) => /^(kvm_amd\.sev(_es)?=(0|n|N)|mem_encrypt=off)$/.test(word));
  if (off.length > 0) {
    return fail(
      `The kernel was started with ${off.join(' ')}.`,
      `Operator: take it out: ${distribution.kernelParameters('mem_encrypt=on kvm_amd.sev=1')}.`,
    );
  }
  const wanted = ['mem_encrypt=on', 'kvm_amd.sev=1'].filter((word) => !words.includes(word));
  if (wanted.length === 0) return pass('mem_encrypt=on and kvm_amd.sev=1 are set.');
  return pass(`Not set: ${wanted.join(' ')}. Kernels of today need neither as long as the module says sev=Y.`);
}

function memlock({ host }: Look): Answer {
  const line = /^Max locked memory\s+(\S+)\s+(\S+)/m.exec(host.text('/proc/self/limits') ?? '');
  if (line === null) return skip('The limits cannot be read.');
  const [soft, hard] = [line[1]!, line[2]!];
  const show = (limit: string): string =>
    limit === 'unlimited' ? limit : `${Math.round(Number(limit) / 1024 ** 2)} MiB`;
  const message = `${show(soft)}, at most ${show(hard)}.`;
  if (soft === 'unlimited' || Number(soft) >= 4 * 1024 ** 3) return pass(message);
  return warn(
    `${message} All memory of an SEV guest is locked.`,
    'Operator: `ulimit -l unlimited`, LimitMEMLOCK=infinity in the systemd unit, or `<memoryBacking><locked/></memoryBacking>` in libvirt.',
  );
}

function selinux({ host }: Look): Answer {
  const mode = host.text('/sys/fs/selinux/enforce')?.trim();
  if (mode === undefined) return pass('SELinux is not in use.');
  if (mode === '0') return pass('SELinux only watches (permissive).');
  return warn(
    'SELinux is enforcing: its policy must let QEMU open /dev/sev.',
    'Operator: update selinux-policy; if a guest is refused, read `ausearch -m avc -c qemu`.',
  );
}

async function kvm({ host }: Look): Promise<Answer> {
  const version = await host.kvmVersion();
  if (version >= 0) return pass('/dev/kvm can be used.');
  if (version === -13 || version === -1) {
    return fail(
      'This user may not open /dev/kvm.',
      `Operator: \`usermod -aG kvm ${host.userName()}\`, then log in again.`,
    );
  }
  return fail('There is no /dev/kvm.', 'Operator: switch on SVM in the BIOS, then `modprobe kvm_amd`.');
}

export const KERNEL_CHECKS: readonly Check[] = [
  {
    id: 'kernel-version',
    name: 'Kernel',
    needed: 'sev',
    look: ({ host, distribution }) => {
      const version = host.text('/proc/sys/kernel/osrelease')?.trim() ?? '';
      if (version === '') return skip('The version cannot be read.');
      if (versionAtLeast(version, '4.16')) return pass(`Linux ${version} on ${distribution.name}.`);
      return fail(`Linux ${version} has no SEV.`, 'Operator: use Linux 4.16 or later, 5.11 or later for SEV-ES.');
    },
  },
  {
    id: 'kernel-es',
    name: 'Kernel for SEV-ES',
    needed: 'sev-es',
    after: ['kernel-version'],
    look: ({ host }) => {
      const version = host.text('/proc/sys/kernel/osrelease')?.trim() ?? '';
      if (version === '') return skip('The version cannot be read.');
      return versionAtLeast(version, '5.11')
        ? pass(`Linux ${version} has SEV-ES.`)
        : fail(`Linux ${version} has no SEV-ES.`, 'Operator: use Linux 5.11 or later.');
    },
  },
  { id: 'kernel-parameters', name: 'Kernel parameters', needed: 'sev', look: commandLine },
  { id: 'kvm', name: 'KVM', needed: 'sev', look: kvm },
  { id: 'kvm-sev', name: 'SEV in KVM', needed: 'sev', look: moduleParameter('sev', 'SEV') },
  { id: 'kvm-sev-es', name: 'SEV-ES in KVM', needed: 'sev-es', look: moduleParameter('sev_es', 'SEV-ES') },
  {
    id: 'kvm-snp',
    name: 'SEV-SNP in KVM',
    needed: 'nothing',
    look: snp,
  },
  {
    id: 'module-ccp',
    name: 'Driver of the AMD-SP',
    needed: 'sev',
    look: ({ host }) =>
      isLoaded(host, 'ccp')
        ? pass('The module ccp is loaded.')
        : fail(
            'The module ccp is not loaded.',
            'Operator: `modprobe ccp`; if it says “No such device”, the BIOS hides the AMD-SP.',
          ),
  },
  { id: 'memlock', name: 'Locked memory', needed: 'nothing', look: memlock },
  { id: 'selinux', name: 'SELinux', needed: 'nothing', look: selinux },
];
