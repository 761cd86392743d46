// A machine type's name, taken apart once: which chipset, of which QEMU, with whose suffix. `pc-q35-7.2+pve0` is 7.2's q35.
import type { QemuVersion } from './launch-config.ts';

export interface MachineType {
  /** As it was given. */
  readonly name: string;
  /** `pc` is the legacy i440FX; `other` is no PC, or none that is known here. */
  readonly kind: 'q35' | 'pc' | 'other';
  /** The QEMU whose behavior the machine has; missing for an alias (`q35`) and where a vendor counts its own releases. */
  readonly version?: QemuVersion;
  /** Whose names these are, where they are not QEMU's own. */
  readonly vendor?: 'Proxmox' | 'Red Hat' | 'Ubuntu';
  /** A vendor's variant that takes more vCPUs than QEMU's own of that version. */
  readonly manyVcpus: boolean;
}

/** Ubuntu names its machines after its releases; the QEMU of each. From Ubuntu's package versions. */
const UBUNTU: Readonly<Record<string, readonly [number, number]>> = {
  xenial: [2, 5],
  yakkety: [2, 6],
  zesty: [2, 8],
  artful: [2, 10],
  bionic: [2, 11],
  cosmic: [2, 12],
  disco: [3, 1],
  eoan: [4, 0],
  focal: [4, 2],
  groovy: [5, 0],
  hirsute: [5, 2],
  impish: [6, 0],
  jammy: [6, 2],
  kinetic: [7, 0],
  lunar: [7, 2],
  mantic: [8, 0],
  noble: [8, 2],
  oracular: [9, 0],
  plucky: [9, 2],
  questing: [10, 1],
};

const KINDS: readonly (readonly [RegExp, MachineType['kind']])[] = [
  [/^(?:pc-)?q35(?=$|[-+.])/, 'q35'],
  [/^ubuntu-q35(?=$|[-+.])/, 'q35'],
  [/^pc-i440fx(?=$|[-+.])/, 'pc'],
  [/^(?:pc|ubuntu)(?=$|[-+.])/, 'pc'],
  // RHEL 6 and 5, whose names have no chipset.
  [/^rhel(?=[56]\.)/, 'pc'],
];

/** @param name as `-machine` or libvirt's `machine=` has it, without its properties */
export function parseMachineType(name: string): MachineType {
  const lower = name.toLowerCase();
  for (const [pattern, kind] of KINDS) {
    const found = pattern.exec(lower)?.[0];
    if (found !== undefined) return { name, kind, ...releaseOf(lower.slice(found.length)) };
  }
  return { name, kind: 'other', manyVcpus: false };
}

/** What follows the chipset: `-8.2`, `-8.1+pve0`, `-rhel9.4.0`, `-jammy-hpb`. */
function releaseOf(rest: string): Pick<MachineType, 'version' | 'vendor' | 'manyVcpus'> {
  const [, major, minor] = /^-(\d{1,3})\.(\d{1,3})(?![\d])/.exec(rest) ?? [];
  const version = major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
  if (/\+pve\d{0,3}$/.test(rest)) return { ...(version && { version }), vendor: 'Proxmox', manyVcpus: false };
  if (version) return { version, manyVcpus: false };
  if (/^-?rhel\d|^\d/.test(rest)) return { vendor: 'Red Hat', manyVcpus: true };
  const [, release] = /^-([a-z]{4,12})(?:-|$)/.exec(rest) ?? [];
  const ubuntu = release !== undefined && Object.hasOwn(UBUNTU, release) ? UBUNTU[release] : undefined;
  if (!ubuntu) return { manyVcpus: false };
  const [of, at] = ubuntu;
  return { version: { major: of, minor: at }, vendor: 'Ubuntu', manyVcpus: rest.includes('-maxcpus') };
}
