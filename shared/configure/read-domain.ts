// The facts of a libvirt domain, from its XML.
import { SevError } from '../errors.ts';
import { readLibvirtPolicy } from '../sev/formats/policy.ts';
import { type ConfigFacts, machineVersion, readNumber, type VirtioDevice } from './config-facts.ts';
import { find, readDocument, type XmlElement } from './xml.ts';

/** @throws SevError BYTES_VALUE, BYTES_TOO_LARGE */
export function readDomainXml(text: string, at = 'domain'): ConfigFacts {
  const root = readDocument(text, at);
  // What libvirt itself keeps of a running guest has the domain within.
  const domain = (root.name === 'domstatus' && find(root, 'domain')) || root;
  if (domain.name !== 'domain') {
    throw new SevError('BYTES_VALUE', {
      at,
      because: `The document is a <${domain.name.slice(0, 40)}>, not a <domain>.`,
      next: 'Give the whole of what `virsh dumpxml` prints.',
    });
  }
  // Without one, libvirt takes its oldest.
  const machine = find(domain, 'os', 'type')?.attributes['machine'] ?? 'pc';
  const version = machineVersion(machine);
  return defined<ConfigFacts>({
    source: 'libvirt',
    ...securityOf(find(domain, 'launchSecurity')),
    ...bootOf(find(domain, 'os')),
    machine,
    smm: onOff(find(domain, 'features', 'smm')),
    vcpus: readNumber(find(domain, 'vcpu')?.attributes['current'] ?? find(domain, 'vcpu')?.text),
    splitIrqchip: find(domain, 'features', 'ioapic')?.attributes['driver'] === 'qemu',
    iommu: iommuOf(find(domain, 'devices', 'iommu')),
    memory: memoryOf(domain),
    ...devicesOf(find(domain, 'devices')),
    passthrough: domain.children.some(isForeign),
    // A machine type may be older than the QEMU that runs it, never younger.
    qemuVersion: version && version.major >= 6 ? version : undefined,
  });
}

/** An element of another namespace, whatever its prefix: arguments for QEMU, or changes of them. */
const isForeign = ({ name, attributes }: XmlElement): boolean =>
  name.includes(':') || attributes['xmlns'] !== undefined;

type SecurityFacts = Pick<ConfigFacts, 'security' | 'kernelHashes'> & {
  policy?: number | undefined;
  dhCert?: string | undefined;
  session?: string | undefined;
};

const KINDS: Readonly<Record<string, 'snp' | 'tdx'>> = { 'sev-snp': 'snp', tdx: 'tdx' };

function securityOf(element: XmlElement | undefined): SecurityFacts {
  const type = element?.attributes['type'];
  if (!element) return { security: 'none', kernelHashes: false };
  if (type !== 'sev') return { security: KINDS[type ?? ''] ?? 'other', kernelHashes: false };
  return {
    security: 'sev',
    kernelHashes: element.attributes['kernelHashes'] === 'yes',
    policy: readLibvirtPolicy(find(element, 'policy')?.text),
    dhCert: find(element, 'dhCert')?.text || undefined,
    session: find(element, 'session')?.text || undefined,
  };
}

function bootOf(os: XmlElement | undefined) {
  const loader = find(os, 'loader');
  const type = loader?.attributes['type'];
  const stateless = loader?.attributes['stateless'] === 'yes';
  const readonly = loader?.attributes['readonly'];
  return {
    kernel: find(os, 'kernel')?.text || undefined,
    initrd: find(os, 'initrd')?.text || undefined,
    // libvirt hands it on with its blanks, and so it is measured.
    cmdline: find(os, 'cmdline')?.wholeText,
    firmware: loader?.text || undefined,
    uefi: Boolean(loader?.text) || os?.attributes['firmware'] === 'efi',
    nvram: find(os, 'nvram') !== undefined || find(os, 'varstore') !== undefined,
    // A ROM (QEMU's -bios) has no variable store at all.
    stateless: stateless || type === 'rom',
    firmwareWritable: type === 'pflash' && (stateless ? readonly === 'no' : readonly !== 'yes'),
  };
}

/** libvirt takes the extended mode of AMD's by another name. */
function iommuOf(element: XmlElement | undefined): ConfigFacts['iommu'] | undefined {
  if (!element || !['intel', 'amd'].includes(element.attributes['model'] ?? '')) return undefined;
  const { eim, xtsup, intremap } = find(element, 'driver')?.attributes ?? {};
  return { remapsInterrupts: intremap === 'on', extended: eim === 'on' || xtsup === 'on' };
}

function memoryOf(domain: XmlElement): NonNullable<ConfigFacts['memory']> {
  return defined({
    locked: find(domain, 'memoryBacking', 'locked') !== undefined,
    sizeKib: inKib(find(domain, 'memory')),
    hardLimitKib: inKib(find(domain, 'memtune', 'hard_limit')),
  });
}

const UNITS: Readonly<Record<string, number>> = {
  b: 1 / 1024,
  bytes: 1 / 1024,
  KB: 1000 / 1024,
  k: 1,
  KiB: 1,
  MB: 1000 ** 2 / 1024,
  M: 1024,
  MiB: 1024,
  GB: 1000 ** 3 / 1024,
  G: 1024 ** 2,
  GiB: 1024 ** 2,
  TB: 1000 ** 4 / 1024,
  T: 1024 ** 3,
  TiB: 1024 ** 3,
};

function inKib(element: XmlElement | undefined): number | undefined {
  const unit = element?.attributes['unit'] ?? 'KiB';
  if (!element || !/^[0-9]{1,18}$/.test(element.text) || !Object.hasOwn(UNITS, unit)) return undefined;
  return Number(element.text) * UNITS[unit]!;
}

function devicesOf(devices: XmlElement | undefined): Pick<ConfigFacts, 'virtio' | 'ipxe'> {
  const children = devices?.children ?? [];
  const cards = children.filter((device) => device.name === 'interface' && virtioModel(device) !== undefined);
  return {
    virtio: children.flatMap((device): VirtioDevice[] => {
      const model = virtioModel(device);
      if (model === undefined) return [];
      const iommu = find(device, 'driver')?.attributes['iommu'] === 'on';
      return [{ name: nameOf(device), iommu, modern: model === 'virtio-non-transitional' }];
    }),
    ipxe: cards.filter((card) => hasRom(find(card, 'rom'))).map(nameOf),
  };
}

const hasRom = (rom: XmlElement | undefined): boolean =>
  rom?.attributes['enabled'] !== 'no' && rom?.attributes['bar'] !== 'off' && rom?.attributes['file'] !== '';

/** The kind of virtio that a device is; undefined when it is none. */
function virtioModel(device: XmlElement): string | undefined {
  const { name, attributes } = device;
  const model = attributes['model'] ?? find(device, 'model')?.attributes['type'];
  if (name === 'controller' && attributes['type'] === 'virtio-serial') return model ?? 'virtio';
  if (name === 'disk' && find(device, 'target')?.attributes['bus'] === 'virtio') return model ?? 'virtio';
  if (name === 'input' && attributes['bus'] === 'virtio') return model ?? 'virtio';
  if (name === 'filesystem') return model ?? 'virtio';
  const knows = ['interface', 'controller', 'memballoon', 'rng', 'video', 'vsock', 'crypto', 'sound'].includes(name);
  return knows && model?.startsWith('virtio') ? model : undefined;
}

function nameOf(device: XmlElement): string {
  const target = find(device, 'target')?.attributes['dev'] ?? find(device, 'mac')?.attributes['address'];
  return [device.name, device.attributes['type'], target].filter(Boolean).join(' ').slice(0, 80);
}

function onOff(element: XmlElement | undefined): boolean | undefined {
  if (!element) return undefined;
  return element.attributes['state'] !== 'off';
}

/** Leaves members out that are undefined. */
function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
