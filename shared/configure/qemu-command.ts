// A launch as QEMU's arguments, for the QEMU that the host has.
import { toBase64 } from '../bytes/text.ts';
import {
  hasManyVcpus,
  isEs,
  type LaunchConfig,
  machineType,
  PRESENT_QEMU,
  qemuAtLeast,
  type QemuVersion,
  requireLaunchConfig,
  usesKernelHashes,
} from './launch-config.ts';
import { writeCommand } from './shell.ts';

export interface QemuFiles {
  /** Where the host keeps the two files that `qemuSessionFiles` gives: base64 text, as QEMU reads it. */
  readonly dhCertFile: string;
  readonly sessionFile: string;
  /** The monitor's socket. */
  readonly qmpSocket: string;
}

/** The two files that QEMU reads, in base64 on one line. */
export const qemuSessionFiles = ({ godh, session }: Pick<LaunchConfig, 'godh' | 'session'>) => ({
  dhCert: toBase64(godh),
  session: toBase64(session),
});

/**
 * QEMU's arguments, without the program itself. The guest starts paused (`-S`), so that its measurement comes first.
 * @throws SevError MEASURE_POLICY, MEASURE_VCPUS, BYTES_VALUE; MEASURE_IMAGE when this QEMU cannot measure the kernel
 */
export function qemuArguments(config: LaunchConfig, files: QemuFiles): readonly string[] {
  requireLaunchConfig(config);
  const version = config.qemuVersion ?? PRESENT_QEMU;
  const support = qemuAtLeast(version, 6, 0) ? 'confidential-guest-support' : 'memory-encryption';
  const es = isEs(config) ? ',smm=off' : '';
  const split = hasManyVcpus(config) ? ',kernel-irqchip=split' : '';
  return [
    ...['-name', escapeValue(config.name)],
    ...['-machine', `${machineType(config)},accel=kvm,vmport=off${es}${split},${support}=sev0`],
    ...['-cpu', config.cpuModel],
    ...['-smp', `${config.vcpus},maxcpus=${config.vcpus}`],
    ...['-m', `${config.memoryMib}M`],
    ...['-object', sevGuest(config, files)],
    ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${fileName(config.firmware)}`],
    ...kernelArguments(config),
    ...(config.disks ?? []).flatMap((path, i) => diskArguments(path, i, version)),
    ...networkArguments(version),
    ...['-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    ...['-qmp', `unix:${escapeValue(files.qmpSocket)},server=on,wait=off`],
    '-S',
  ];
}

/** The same as one command for a shell. */
export const qemuCommand = (config: LaunchConfig, files: QemuFiles): string =>
  writeCommand(['qemu-system-x86_64', ...qemuArguments(config, files)]);

function sevGuest(config: LaunchConfig, files: QemuFiles): string {
  const version = config.qemuVersion ?? PRESENT_QEMU;
  const options = [
    'sev-guest,id=sev0',
    `cbitpos=${config.cbitpos}`,
    `reduced-phys-bits=${config.reducedPhysBits}`,
    `policy=0x${config.policy.toString(16)}`,
    `dh-cert-file=${escapeValue(files.dhCertFile)}`,
    `session-file=${escapeValue(files.sessionFile)}`,
  ];
  if (usesKernelHashes(config)) options.push('kernel-hashes=on');
  // From 9.1 on, QEMU chooses the interface by itself, and with it the registers that are measured.
  if (isEs(config) && qemuAtLeast(version, 9, 1)) {
    if (config.vmsaVariant === 'qemu') options.push('legacy-vm-type=on');
    if (config.vmsaVariant === 'qemu-init2') options.push('legacy-vm-type=off');
  }
  if (isEs(config) && config.debugSwap && qemuAtLeast(version, 10, 2)) options.push('debug-swap=on');
  return options.join(',');
}

const kernelArguments = ({ kernel, initrd, cmdline }: LaunchConfig): readonly string[] => [
  ...(kernel === undefined ? [] : ['-kernel', kernel]),
  ...(initrd === undefined ? [] : ['-initrd', initrd]),
  ...(cmdline === undefined ? [] : ['-append', cmdline]),
];

const diskArguments = (path: string, index: number, version: QemuVersion): readonly string[] => [
  ...['-drive', `if=none,id=disk${index},format=qcow2,file=${fileName(path)}`],
  ...['-device', `virtio-blk-pci,drive=disk${index}${virtioOptions(version)}`],
];

/** A user network; iPXE's ROM is left out because it knows nothing of SEV. */
const networkArguments = (version: QemuVersion): readonly string[] => [
  ...['-netdev', 'user,id=net0'],
  ...['-device', `virtio-net-pci,netdev=net0,romfile=${virtioOptions(version)}`],
];

/** QEMU 6.0 and later set these by themselves for confidential guests. */
const virtioOptions = (version: QemuVersion): string =>
  qemuAtLeast(version, 6, 0) ? '' : ',disable-legacy=on,iommu_platform=on';

/** A colon before the first slash would make a protocol of it, such as `nbd:` or `fat:`. */
const fileName = (path: string): string => escapeValue(/^[^/]*:/.test(path) ? `./${path}` : path);

/** Within a list of options a comma is doubled. */
const escapeValue = (value: string): string => value.replaceAll(',', ',,');
