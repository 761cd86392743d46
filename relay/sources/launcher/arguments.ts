// A profile and a launch → QEMU's arguments. Nothing that a client sends becomes an argument but the policy's number.
import { readFileSync } from 'node:fs';
import type { LaunchProfile } from './profiles.ts';

/** Files in the guest's own folder, which is QEMU's working directory. */
export const GUEST_FILES = {
  godh: 'godh.b64',
  session: 'session.b64',
  monitor: 'qmp.sock',
  pid: 'qemu.pid',
  console: 'console.log',
} as const;

export const DEFAULT_QEMU = 'qemu-system-x86_64';

/** @param cbitpos where the host's C-bit is, for profiles that do not say */
export function qemuArguments(guest: string, profile: LaunchProfile, policy: number, cbitpos: number): string[] {
  const { firmware, kernel, initrd, cmdline } = profile;
  return [
    ...['-name', guest],
    ...['-no-user-config', '-nodefaults', '-display', 'none'],
    ...['-machine', machine(profile)],
    ...sevObject(profile, policy, cbitpos),
    ...['-cpu', profile.cpuModel, '-smp', `cpus=${profile.cpus}`, '-m', `${profile.memoryMiB}M`],
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${value(firmware)}`],
    ...(kernel === undefined ? [] : ['-kernel', kernel]),
    ...(initrd === undefined ? [] : ['-initrd', initrd]),
    ...(cmdline === undefined ? [] : ['-append', cmdline]),
    ...disks(profile),
    ...network(profile),
    ...console(profile),
    ...sandbox(profile),
    ...['-pidfile', GUEST_FILES.pid],
    ...['-qmp', `unix:${GUEST_FILES.monitor},server=on,wait=off`],
    '-S',
  ];
}

const isSev = ({ kind }: LaunchProfile): boolean => kind !== 'plain';

function machine(profile: LaunchProfile): string {
  const accelerator = profile.accelerator ?? (isSev(profile) ? 'kvm' : 'tcg');
  return `q35,accel=${accelerator}${isSev(profile) ? ',confidential-guest-support=sev0' : ''}`;
}

function sevObject(profile: LaunchProfile, policy: number, hostCbitpos: number): string[] {
  if (!isSev(profile)) return [];
  const { kernel, cbitpos = hostCbitpos, reducedPhysBits = 1, legacyVmType } = profile;
  const parts = [
    `sev-guest,id=sev0,cbitpos=${cbitpos},reduced-phys-bits=${reducedPhysBits},policy=0x${policy.toString(16)}`,
    `dh-cert-file=${GUEST_FILES.godh},session-file=${GUEST_FILES.session}`,
    ...(kernel === undefined ? [] : ['kernel-hashes=on']),
    ...(legacyVmType === undefined ? [] : [`legacy-vm-type=${legacyVmType}`]),
  ];
  return ['-object', parts.join(',')];
}

// Encrypted memory is reached by devices only through the IOMMU's bounce buffers, and only by virtio 1.0; network
// cards bring no boot ROM. libvirt's guide, “Launch security with AMD SEV”.
const VIRTIO = 'disable-legacy=on,iommu_platform=on';

const disks = ({ disks: list = [] }: LaunchProfile): string[] =>
  list.flatMap(({ path, format, readOnly }, i) => [
    '-drive',
    `if=none,id=disk${i},format=${format},readonly=${readOnly ? 'on' : 'off'},file=${value(path)}`,
    '-device',
    `virtio-blk-pci,drive=disk${i},${VIRTIO}`,
  ]);

function network({ network: wanted = 'none' }: LaunchProfile): string[] {
  if (wanted === 'none') return [];
  const netdev = wanted === 'user' ? 'user,id=net0' : `tap,id=net0,ifname=${wanted.tap},script=no,downscript=no`;
  return ['-netdev', netdev, '-device', `virtio-net-pci,netdev=net0,romfile=,${VIRTIO}`];
}

const console = ({ consoleLog }: LaunchProfile): string[] =>
  consoleLog ? ['-chardev', `file,id=console,path=${GUEST_FILES.console}`, '-serial', 'chardev:console'] : [];

const sandbox = ({ sandbox: wanted = true }: LaunchProfile): string[] =>
  wanted ? ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'] : [];

/** A comma ends a value among QEMU's options, unless it is doubled. */
const value = (text: string): string => text.replaceAll(',', ',,');

/** Where this host's C-bit is: bit 47 on family 17h, bit 51 since. */
export function hostCbitpos(cpuinfo = readCpuinfo()): number {
  const family = Number(/^cpu family\s*:\s*(\d+)$/m.exec(cpuinfo)?.[1]);
  return family === 0x17 ? 47 : 51;
}

function readCpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
