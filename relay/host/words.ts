// What the checks of a host say to its operator: by check, the message, and how to fix it where something is wrong.
import type { Distribution } from './distribution.ts';

export interface Said {
  readonly message: string;
  /** Missing where nothing is wrong. */
  readonly fix?: string;
}

const IN_BIOS = 'Operator: in the BIOS switch on SMEE (“Secure Memory Encryption”), then start the host again.';
const ES_PLACES = 'Operator: raise “SEV-ES ASID space limit” (minimum SEV ASID) above 1 in the BIOS.';
const ONLY_EPYC = 'SEV needs an AMD EPYC server processor, of the series 7001 to 9005 (not 4004 or 4005).';
export const RULE =
  'echo \'KERNEL=="sev", MODE="0660", GROUP="kvm"\' > /etc/udev/rules.d/90-sev.rules && udevadm control --reload && udevadm trigger /dev/sev';

type Module = 'sev' | 'sev_es';
const LABEL: Readonly<Record<Module, string>> = { sev: 'SEV', sev_es: 'SEV-ES' };

export const SAY = {
  follows: (cause: string): Said => ({ message: `Follows from “${cause}”.` }),
  skipped: (cause: string): Said => ({ message: `Skipped (needs “${cause}”).` }),

  amd: (): Said => ({ message: 'The processor is made by AMD.' }),
  hygon: (): Said => ({
    message:
      "The processor is Hygon's. Its CSV resembles SEV, but its certificates lead to Hygon's root, not to AMD's.",
    fix: 'No guest owner who verifies against AMD can use this host. SEV needs an AMD EPYC processor.',
  }),
  otherVendor: (vendor: string): Said => ({
    message: `The processor is made by ${vendor === '' ? 'an unknown vendor' : `“${vendor}”`}.`,
    fix: 'SEV needs a server with an AMD EPYC processor.',
  }),
  bareMetal: (): Said => ({ message: 'No hypervisor beneath.' }),
  nested: (): Said => ({
    message: 'This system is a virtual machine itself: SEV guests cannot be nested.',
    fix: 'Run the relay on the machine itself.',
  }),
  processor: (what: string): Said => ({ message: what }),
  noSevModel: (what: string, why: 'epyc-client' | 'pro' | 'other'): Said => ({
    message:
      why === 'epyc-client'
        ? `This EPYC has no SEV, whatever the BIOS says: ${what}.`
        : why === 'pro'
          ? `This processor can encrypt memory (SME), but has no SEV: ${what}.`
          : `This is not an EPYC server processor, and has no SEV: ${what}.`,
    fix: ONLY_EPYC,
  }),
  smeOff: (): Said => ({ message: 'It is switched off in the BIOS.', fix: IN_BIOS }),
  hasIt: (): Said => ({ message: 'The processor has it.' }),
  showsNot: (): Said => ({ message: 'The processor does not show it.', fix: IN_BIOS }),
  kernelHides: (): Said => ({
    message: 'The processor has it, but the kernel does not show it: the BIOS has not switched it on.',
    fix: IN_BIOS,
  }),
  noEs: (): Said => ({ message: 'The processor does not have it.', fix: 'SEV-ES needs EPYC 7002 or later.' }),
  noSnp: (): Said => ({ message: 'The processor does not show it.' }),
  cpuidUnread: (): Said => ({ message: 'CPUID cannot be read here; run this as root with `modprobe cpuid`.' }),
  cbit: (bit: number, lost: number): Said => ({
    message: `cbitpos=${bit}, reduced-phys-bits=1; addresses lose ${lost} bits.`,
  }),
  placesUnread: (): Said => ({
    message: 'The numbers of guests cannot be read here; run this as root with `modprobe cpuid`.',
  }),
  allPlacesEs: (): Said => ({
    message: 'All places are reserved for SEV-ES guests.',
    fix: 'Operator: lower “SEV-ES ASID space limit” in the BIOS.',
  }),
  places: (sev: number, es: number): Said => ({ message: `Room for ${sev} SEV and ${es} SEV-ES guests at once.` }),
  esPlaces: (es: number): Said => ({ message: `${es} places are set aside for SEV-ES guests.` }),
  noEsPlaces: (turnedOff: boolean): Said => ({
    message: `No place is set aside for SEV-ES guests${turnedOff ? ', so the kernel has turned SEV-ES off' : ''}.`,
    fix: ES_PLACES,
  }),
  pageFlush: (is: boolean): Said => ({ message: is ? 'It is there.' : 'It is not there; nothing here needs it.' }),

  kernel: (version: string, distribution: string): Said => ({ message: `Linux ${version} on ${distribution}.` }),
  unread: (what: string): Said => ({ message: `${what} cannot be read.` }),
  offByKernel: (words: readonly string[], { removeParameters }: Distribution): Said => ({
    message: `The kernel was started with ${words.join(' ')}.`,
    fix: `Operator: ${removeParameters(words)}.`,
  }),
  offAtNextStart: (words: readonly string[], { removeParameters }: Distribution): Said => ({
    message: `The kernel was started with ${words.join(' ')}, and kvm_amd was loaded otherwise since: after the next start it is off again.`,
    fix: `Operator: ${removeParameters(words)}.`,
  }),
  offByModprobe: (line: string, path: string): Said => ({
    message: `${path} says “${line}”.`,
    fix: `Operator: remove that line, then \`modprobe -r kvm_amd && modprobe kvm_amd\`.`,
  }),
  parameters: (set: readonly string[]): Said => ({
    message: set.length > 0 ? `Set: ${set.join(' ')}.` : 'None is set, and none is needed while kvm_amd says sev=Y.',
  }),
  kvmWorks: (): Said => ({ message: '/dev/kvm can be used.' }),
  kvmRights: (user: string): Said => ({
    message: 'This user may not open /dev/kvm.',
    fix: `Operator: \`usermod -aG kvm ${user}\`, then log in again.`,
  }),
  noKvm: (): Said => ({
    message: 'There is no /dev/kvm.',
    fix: 'Operator: switch on SVM in the BIOS, then `modprobe kvm_amd`.',
  }),
  moduleOn: (name: Module, value: string): Said => ({ message: `kvm_amd has ${name}=${value}.` }),
  moduleMissing: (name: Module): Said => ({
    message: 'The module kvm_amd is not loaded.',
    fix: `Operator: \`modprobe kvm_amd ${name}=1\`.`,
  }),
  moduleKnowsNot: (name: Module): Said => ({
    message: `This kernel's kvm_amd does not know ${LABEL[name]}.`,
    fix:
      name === 'sev'
        ? 'Operator: use a kernel with CONFIG_KVM_AMD_SEV: Linux 4.16 or later, or one into which its vendor brought SEV.'
        : 'Operator: use a kernel whose kvm_amd has the parameter sev_es: Linux 5.11 or later, or one into which its vendor brought SEV-ES.',
  }),
  moduleOff: (name: Module, value: string, { kernelParameters }: Distribution): Said => ({
    message: `kvm_amd has ${LABEL[name]} switched off (${name}=${value}).`,
    fix: `Operator: \`modprobe -r kvm_amd && modprobe kvm_amd ${name}=1\`; for good, ${kernelParameters(`kvm_amd.${name}=1`)}.`,
  }),
  noNestedPaging: (): Said => ({
    message: 'kvm_amd has nested paging switched off (npt=N), and SEV requires it.',
    fix: "Operator: remove npt=0 from the kernel's command line and from /etc/modprobe.d, then load kvm_amd again.",
  }),
  moduleRefused: (name: Module, value: string): Said => ({
    message: `kvm_amd was asked for ${LABEL[name]} and turned it off (${name}=${value}): the hardware, the BIOS or the AMD-SP did not allow it.`,
    fix: 'Operator: read `dmesg | grep -i -e sev -e ccp -e svm`; check SMEE, SEV and the SEV-ES ASID space limit in the BIOS.',
  }),
  snpOn: (api: string | undefined): Said => ({
    message: `SEV-SNP is on${api === undefined ? '' : `, with firmware API ${api}`}. Newer firmware (API 1.58 and later) then refuses SEV-ES guests.`,
    fix: 'Operator: if LAUNCH_START fails with status 0x15, switch SEV-SNP off in the BIOS, or use another host for SEV-ES.',
  }),
  snpEndsEs: (api: string): Said => ({
    message: `SEV-SNP is on, and firmware of API 1.58 and later refuses SEV-ES guests beside it (here ${api}). Plain SEV guests still start.`,
    fix: 'Operator: switch SEV-SNP off in the BIOS (or with sev=nosnp on the command line of Linux 6.12 and later), or use another host for SEV-ES. Newer firmware does not help.',
  }),
  snpUnknown: (): Said => ({ message: 'kvm_amd is not loaded, so nothing says whether SEV-SNP is on.' }),
  snpOff: (): Said => ({ message: 'SEV-SNP is off and not in the way.' }),
  snpUnknownToKernel: (): Said => ({ message: 'kvm_amd does not know SEV-SNP: it is not in the way.' }),
  driverLoaded: (): Said => ({ message: 'The module ccp is loaded.' }),
  driverBuiltIn: (): Said => ({ message: 'The driver is built into the kernel.' }),
  noDriver: (): Said => ({
    message: 'The module ccp is not loaded.',
    fix: 'Operator: `modprobe ccp`; if it says “No such device”, the BIOS hides the AMD-SP.',
  }),
  memlock: (limits: string, isLow: boolean): Said =>
    isLow
      ? {
          message: `${limits} All memory of an SEV guest is locked.`,
          fix: 'Operator: `ulimit -l unlimited`, LimitMEMLOCK=infinity in the systemd unit, or `<memoryBacking><locked/></memoryBacking>` in libvirt.',
        }
      : { message: limits },
  noSelinux: (): Said => ({ message: 'SELinux is not in use.' }),
  selinuxPermissive: (): Said => ({ message: 'SELinux only watches (permissive).' }),
  selinux: (): Said => ({
    message: 'SELinux is enforcing: its policy must let QEMU open /dev/sev.',
    fix: 'Operator: update selinux-policy; if a guest is refused, read `ausearch -m avc -c qemu`.',
  }),

  noDevice: (path: string): Said => ({
    message: `There is no ${path}.`,
    fix: 'Operator: switch on SEV in the BIOS, `modprobe -a ccp kvm_amd`, and read `dmesg | grep -i -e ccp -e sev`.',
  }),
  driverTookNoDevice: (path: string, kernel: string, processor: string, older: boolean): Said => ({
    message:
      `There is no ${path}, although SEV is on in the BIOS and in KVM and the driver ccp is there: it has not taken the AMD-SP.` +
      (older ? ` Linux ${kernel} is older than this processor (${processor}), and may not know its AMD-SP.` : ''),
    fix: `Operator: ${older ? 'use a newer kernel, or one into which its vendor brought support for this processor' : 'update the BIOS'}; \`dmesg | grep -i ccp\` tells what the driver said.`,
  }),
  rights: (said: string, kind: 'none' | 'read' | 'everyone' | 'good', user: string): Said => {
    const fix = `Operator: \`${RULE}\`, and \`usermod -aG kvm ${user}\`.`;
    if (kind === 'none') return { message: `${said} This user may not open it.`, fix };
    if (kind === 'read')
      return { message: `${said} This user may only read: enough for the chain, not for owning the platform.`, fix };
    if (kind === 'everyone') return { message: `${said} Everyone may open it.`, fix: `Operator: \`${RULE}\`.` };
    return { message: `${said} This user may read and write.` };
  },
  firmware: (said: string): Said => ({ message: said }),
  firmwareSaid: (error: string, fix: string): Said => ({ message: error, fix }),
  firmwareDidNotStart: (status: string, hasFile: boolean | undefined): Said => ({
    message: `The AMD-SP's own firmware did not start: ${status} is not a status of the SEV API.${hasFile === false ? ' /lib/firmware/amd has no SEV firmware for this processor.' : ''}`,
    fix: 'Operator: update the BIOS. If that does not help, install the SEV firmware of linux-firmware (/lib/firmware/amd/amd_sev_*.sbin), and start the host again.',
  }),
  firmwareTooOld: (said: string): Said => ({
    message: `${said} Before 0.17 a secret is not bound to the measurement, so no guest owner will release one.`,
    fix: 'Operator: update the BIOS or the SEV firmware (linux-firmware, /lib/firmware/amd/).',
  }),
  noAnswer: (): Said => ({ message: 'The firmware did not answer.' }),
  unknownGeneration: (): Said => ({ message: 'The generation of this processor is not known here.' }),
  noWeakness: (asOf: string): Said => ({ message: `None that this firmware version would show (as of ${asOf}).` }),
  weaknesses: (sentences: readonly string[], floor: string): Said => ({
    message: sentences.join(' '),
    fix: `Operator: update the SEV firmware to ${floor} or later (BIOS, or linux-firmware).`,
  }),
  esReady: (): Said => ({ message: 'The firmware is initialized for SEV-ES.' }),
  uninitialized: (): Said => ({ message: 'The firmware is not initialized yet; it will be with the first guest.' }),
  notEsReady: (): Said => ({
    message: 'The firmware was initialized without SEV-ES, although KVM has it.',
    fix: 'Operator: end all SEV guests, then `modprobe -r kvm_amd ccp && modprobe -a ccp kvm_amd`, or start the host again.',
  }),
  exports: (): Said => ({ message: 'The chain can be exported.' }),
  exportFails: (error: string): Said => ({
    message: error,
    fix: 'Operator: initialize the platform by starting any SEV guest, or reset it (`sev-relay reset`).',
  }),

  qemu: (version: string, path: string | undefined): Said => ({
    message: `QEMU ${version} with SEV${path === undefined ? '' : `, at ${path}`}.`,
  }),
  qemuMissing: ({ install }: Distribution): Said => ({
    message: 'QEMU is not installed.',
    fix: `Operator: ${install('qemu')}.`,
  }),
  qemuTooOld: (version: string): Said => ({
    message: `QEMU ${version} cannot inject secrets.`,
    fix: 'Operator: use QEMU 6.2 or later.',
  }),
  qemuWithoutSev: (version: string, { install }: Distribution): Said => ({
    message: `QEMU ${version} was built without SEV.`,
    fix: `Operator: ${install('qemu')}.`,
  }),
  qemuWithoutHashes: (version: string): Said => ({
    message: `QEMU ${version} cannot measure kernel, initrd and command line.`,
    fix: 'Operator: use QEMU 6.2 or later for kernel-hashes.',
  }),
  noLibvirt: ({ install }: Distribution): Said => ({
    message: `libvirt is not installed. The relay works without it; to have it, ${install('libvirt')}.`,
  }),
  libvirt: (version: string): Said => ({ message: `libvirt ${version}.` }),
  libvirtTooOld: (version: string): Said => ({
    message: `libvirt ${version} does not tell API version, build and policy.`,
    fix: 'Operator: use libvirt 8.0 or later.',
  }),
  libvirtSilent: (): Said => ({ message: "libvirt's daemon does not answer." }),
  libvirtWithoutSev: (): Said => ({
    message: 'libvirt says that there is no SEV here, although the host has it: its cache is older.',
    fix: 'Operator: `rm -r /var/cache/libvirt/qemu/capabilities` and `systemctl restart libvirtd`.',
  }),
  libvirtSev: (cbit: string, lost: string): Said => ({
    message: `libvirt offers SEV: C-bit ${cbit}, ${lost} address bits lost.`,
  }),
  libvirtOtherCbit: (cbit: string, own: number): Said => ({
    message: `libvirt gives guests the C-bit ${cbit}, and this processor has it at ${own}: its cache is of another machine.`,
    fix: 'Operator: `rm -r /var/cache/libvirt/qemu/capabilities` and `systemctl restart libvirtd`.',
  }),
  noImage: ({ install }: Distribution): Said => ({
    message: 'No OVMF image that supports SEV was found.',
    fix: `Operator: ${install('ovmf')}; or use the guest owner's own image, which is the better one.`,
  }),
  images: (paths: readonly string[]): Said => ({ message: `For secrets and kernel hashes: ${paths.join(', ')}.` }),
  imagesUnread: (paths: readonly string[]): Said => ({
    message: `These could not be looked into: ${paths.join(', ')}.`,
  }),
  imagesAdvertising: (paths: readonly string[]): Said => ({
    message: `These have places for secrets and kernel hashes, but no code was found that checks a kernel: ${paths.join(', ')}.`,
    fix: "Operator: use an AmdSev build of OVMF (OvmfPkg/AmdSev), or the guest owner's own image.",
  }),
  imagesWithoutPlace: (paths: readonly string[]): Said => ({
    message: `These start SEV guests, but have no place for secrets: ${paths.join(', ')}.`,
    fix: "Operator: use an AmdSev build of OVMF (OvmfPkg/AmdSev), or the guest owner's own image.",
  }),
  imagesForEs: (paths: readonly string[]): Said => ({ message: paths.join(', ') }),
  noImageForEs: (): Said => ({
    message: 'No image is described as fit for SEV-ES.',
    fix: 'Operator: use OVMF of edk2-stable202008 or later, in its AmdSev build.',
  }),
  validateAgrees: (): Said => ({ message: 'virt-host-validate says the same.' }),
  validateMissing: (): Said => ({ message: 'virt-host-validate is not installed, or does not know secure guests.' }),
  validateMilder: (): Said => ({
    message:
      'virt-host-validate says PASS for secure guests. It reads the parameter of kvm_amd and whether /dev/sev exists; the causes above are beyond that.',
  }),
  validateStricter: (said: string): Said => ({
    message: `virt-host-validate says “${said}”. It goes by the flags that the kernel shows and by kvm_amd; here KVM and the AMD-SP have answered.`,
  }),
} as const;
