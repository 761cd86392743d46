// A launch as libvirt's domain XML, the way libvirt's article on SEV wants it.
import { toBase64 } from '../bytes/text.ts';
import { SevError } from '../errors.ts';
import {
  hasManyVcpus,
  isEs,
  type LaunchConfig,
  machineType,
  pathsOf,
  PRESENT_QEMU,
  qemuAtLeast,
  requireLaunchConfig,
  usesKernelHashes,
} from './launch-config.ts';
import { writeXml, xml, type XmlParts } from './xml.ts';

/** The `<launchSecurity>` element alone, to be put into a domain that exists. */
export function launchSecurityXml(config: LaunchConfig): string {
  requireLaunchConfig(config);
  return writeXml(launchSecurity(config));
}

/**
 * A whole domain: q35, a stateless loader, locked memory, nothing that is not needed. Start it with
 * `virsh start --paused`.
 * @throws SevError MEASURE_POLICY, MEASURE_VCPUS, MEASURE_IMAGE, BYTES_VALUE
 */
export function domainXml(config: LaunchConfig): string {
  requireLaunchConfig(config);
  for (const path of pathsOf(config)) requireWholePath(path);
  const { name, memoryMib, vcpus } = config;
  return writeXml(
    xml('domain', { type: 'kvm' }, [
      xml('name', {}, name),
      xml('memory', { unit: 'MiB' }, String(memoryMib)),
      xml('currentMemory', { unit: 'MiB' }, String(memoryMib)),
      xml('memoryBacking', {}, [xml('locked')]),
      xml('vcpu', { placement: 'static' }, String(vcpus)),
      osElement(config),
      xml('features', {}, [
        xml('acpi'),
        xml('apic'),
        xml('vmport', { state: 'off' }),
        hasManyVcpus(config) ? xml('ioapic', { driver: 'qemu' }) : undefined,
        isEs(config) ? xml('smm', { state: 'off' }) : undefined,
      ]),
      cpuElement(config),
      xml('clock', { offset: 'utc' }),
      xml('on_poweroff', {}, 'destroy'),
      // A guest that was reset would have to be measured again, under a new session.
      xml('on_reboot', {}, 'destroy'),
      xml('on_crash', {}, 'destroy'),
      devicesElement(config),
      launchSecurity(config),
    ]),
  );
}

/** libvirt's schema takes no other, and its daemon runs in no folder of the operator's. */
function requireWholePath(path: string): void {
  if (path.startsWith('/')) return;
  throw new SevError('BYTES_VALUE', {
    at: 'path',
    because: `libvirt wants whole paths, and “${path}” begins without a “/”.`,
  });
}

function osElement(config: LaunchConfig): XmlParts {
  const { firmware, kernel, initrd, cmdline } = config;
  return xml('os', {}, [
    xml('type', { arch: 'x86_64', machine: machineType(config) }, 'hvm'),
    xml('loader', { readonly: 'yes', type: 'pflash', stateless: 'yes' }, firmware),
    kernel === undefined ? undefined : xml('kernel', {}, kernel),
    initrd === undefined ? undefined : xml('initrd', {}, initrd),
    cmdline === undefined ? undefined : xml('cmdline', {}, cmdline),
    kernel === undefined ? xml('boot', { dev: 'hd' }) : undefined,
  ]);
}

const cpuElement = ({ cpuModel }: LaunchConfig): XmlParts =>
  cpuModel === 'host'
    ? xml('cpu', { mode: 'host-passthrough' })
    : xml('cpu', { mode: 'custom', match: 'exact' }, [xml('model', { fallback: 'forbid' }, cpuModel)]);

function devicesElement({ disks = [], qemuVersion = PRESENT_QEMU, vcpus }: LaunchConfig): XmlParts {
  // QEMU 6.0 and later do this by themselves for confidential guests.
  const iommu = qemuAtLeast(qemuVersion, 6, 0) ? undefined : 'on';
  const driver = iommu && xml('driver', { iommu });
  return xml('devices', {}, [
    ...disks.map((path, i) =>
      xml('disk', { type: 'file', device: 'disk' }, [
        xml('driver', { name: 'qemu', type: 'qcow2', iommu }),
        xml('source', { file: path }),
        xml('target', { dev: `vd${diskLetters(i)}`, bus: 'virtio' }),
      ]),
    ),
    xml('controller', { type: 'virtio-serial', index: '0' }, driver ? [driver] : []),
    xml('interface', { type: 'network' }, [
      xml('source', { network: 'default' }),
      xml('model', { type: 'virtio' }),
      driver || undefined,
      // iPXE knows nothing of SEV.
      xml('rom', { enabled: 'no' }),
    ]),
    xml('console', { type: 'pty' }),
    xml('memballoon', { model: 'none' }),
    xml('rng', { model: 'virtio' }, [xml('backend', { model: 'random' }, '/dev/urandom'), driver || undefined]),
    hasManyVcpus({ vcpus })
      ? xml('iommu', { model: 'intel' }, [xml('driver', { intremap: 'on', eim: 'on' })])
      : undefined,
  ]);
}

function launchSecurity(config: LaunchConfig): XmlParts {
  return xml('launchSecurity', { type: 'sev', kernelHashes: usesKernelHashes(config) ? 'yes' : undefined }, [
    xml('cbitpos', {}, String(config.cbitpos)),
    xml('reducedPhysBits', {}, String(config.reducedPhysBits)),
    xml('policy', {}, `0x${config.policy.toString(16).padStart(4, '0')}`),
    xml('dhCert', {}, toBase64(config.godh)),
    xml('session', {}, toBase64(config.session)),
  ]);
}

/** a … z, then aa, ab …, as Linux counts disks. */
function diskLetters(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? letter : diskLetters(Math.floor(index / 26) - 1) + letter;
}
