// How this distribution calls things: packages to install, kernel parameters to set.
import type { HostReadings } from './readings.ts';

type Family = 'debian' | 'fedora' | 'suse' | 'arch' | 'other';
type Package = 'qemu' | 'libvirt' | 'ovmf';

export interface Distribution {
  readonly name: string;
  readonly install: (what: Package) => string;
  readonly kernelParameters: (parameters: string) => string;
  /** How to take words off the kernel's command line. */
  readonly removeParameters: (words: readonly string[]) => string;
}

const NAMES: Record<Exclude<Family, 'other'>, Record<Package, string>> = {
  debian: { qemu: 'qemu-system-x86', libvirt: 'libvirt-daemon-system', ovmf: 'ovmf' },
  fedora: { qemu: 'qemu-kvm', libvirt: 'libvirt-daemon-kvm', ovmf: 'edk2-ovmf' },
  suse: { qemu: 'qemu-x86', libvirt: 'libvirt-daemon-qemu', ovmf: 'qemu-ovmf-x86_64' },
  arch: { qemu: 'qemu-system-x86', libvirt: 'libvirt', ovmf: 'edk2-ovmf' },
};
const INSTALL = { debian: 'apt install', fedora: 'dnf install', suse: 'zypper install', arch: 'pacman -S' };
const PARAMETERS = {
  debian: (text: string) =>
    `add “${text}” to GRUB_CMDLINE_LINUX in /etc/default/grub, run \`update-grub\`, and restart`,
  fedora: (text: string) => `\`grubby --update-kernel=ALL --args="${text}"\`, and restart`,
  suse: (text: string) =>
    `add “${text}” to GRUB_CMDLINE_LINUX in /etc/default/grub, run \`grub2-mkconfig -o /boot/grub2/grub.cfg\`, and restart`,
  arch: (text: string) => `add “${text}” to the boot loader's kernel options, and restart`,
};

const REMOVE = {
  debian: (text: string) =>
    `remove “${text}” from GRUB_CMDLINE_LINUX in /etc/default/grub, run \`update-grub\`, and restart`,
  fedora: (text: string) => `\`grubby --update-kernel=ALL --remove-args="${text}"\`, and restart`,
  suse: (text: string) =>
    `remove “${text}” from GRUB_CMDLINE_LINUX in /etc/default/grub, run \`grub2-mkconfig -o /boot/grub2/grub.cfg\`, and restart`,
  arch: (text: string) => `remove “${text}” from the boot loader's kernel options, and restart`,
};

export function distributionOf(host: HostReadings): Distribution {
  const release = host.text('/etc/os-release') ?? '';
  const value = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1] ?? '';
  const family = familyOf(`${value('ID')} ${value('ID_LIKE')}`);
  return {
    name: value('PRETTY_NAME') || 'an unknown distribution',
    install: (what) =>
      family === 'other'
        ? `install ${what} by this distribution's means`
        : `\`${INSTALL[family]} ${NAMES[family][what]}\``,
    kernelParameters: (text) =>
      family === 'other' ? `add “${text}” to the kernel's command line, and restart` : PARAMETERS[family](text),
    removeParameters: (words) => {
      const text = words.join(' ');
      return family === 'other' ? `remove “${text}” from the kernel's command line, and restart` : REMOVE[family](text);
    },
  };
}

function familyOf(ids: string): Family {
  const words = ids.toLowerCase().split(/\s+/);
  if (words.some((id) => ['debian', 'ubuntu'].includes(id))) return 'debian';
  if (words.some((id) => ['fedora', 'rhel', 'centos'].includes(id))) return 'fedora';
  if (words.some((id) => id === 'suse' || id.startsWith('opensuse') || id === 'sles')) return 'suse';
  return words.includes('arch') ? 'arch' : 'other';
}
