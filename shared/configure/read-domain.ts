// The facts of a libvirt domain, from its XML: the whole, or what somebody copied of it.
import { SevError } from '../errors.ts';
import { readLibvirtPolicy } from '../sev/formats/policy.ts';
import {
  type ConfigFacts,
  type ConfigPart,
  defined,
  type GuestCpu,
  readNumber,
  type VirtioDevice,
} from './config-facts.ts';
import { configForm } from './form-words.ts';
import { parseMachineType } from './machine-type.ts';
import { merged, properties, readOptions } from './qemu-options.ts';
import { qemuSecurity } from './read-qemu.ts';
import { find, readDocument, type XmlElement } from './xml.ts';

/** @throws SevError BYTES_VALUE, BYTES_TOO_LARGE */
export function readDomainXml(text: string, at = 'domain'): ConfigFacts {
  const root = readDocument(text, at);
  // What libvirt itself keeps of a running guest has the domain within; so has a snapshot.
  const domain = (['domstatus', 'domainsnapshot'].includes(root.name) && find(root, 'domain')) || root;
  if (domain.name !== 'domain') {
    throw new SevError('BYTES_VALUE', { at, ...configForm('other-xml', domain.name.slice(0, 40)) });
  }
  return domainFacts({ domain, part: undefined, cut: new Set() });
}

/** A domain's elements, all of them or some. */
export interface DomainElements {
  readonly domain: XmlElement;
  readonly part: ConfigPart | undefined;
  /** Elements whose end is not in the text. */
  readonly cut: ReadonlySet<XmlElement>;
}

export function domainFacts({ domain, part, cut }: DomainElements): ConfigFacts {
  const passthrough = domain.children.some(isForeign);
  const isWhole = part === undefined && !passthrough;
  /** Whether what an element does not say is not said anywhere. */
  const isSeen = (element: XmlElement | undefined): boolean => part === undefined || (!!element && !cut.has(element));
  const [os, security, features] = ['os', 'launchSecurity', 'features'].map((name) => find(domain, name));
  const sees = isSeen(os) && !passthrough;
  // Without one, libvirt takes its oldest.
  const machine = find(os, 'type')?.attributes['machine'] ?? (sees ? 'pc' : undefined);
  return defined<ConfigFacts>({
    source: 'libvirt',
    ...(foreignSecurity(domain) ?? securityOf(security, isWhole, isSeen(security))),
    ...bootOf(os, sees),
    machine: machine === undefined ? undefined : parseMachineType(machine),
    smm: find(os, 'loader')?.attributes['secure'] === 'yes' || onOff(find(features, 'smm')),
    vcpus: readNumber(find(domain, 'vcpu')?.attributes['current'] ?? find(domain, 'vcpu')?.text),
    cpu: cpuOf(find(domain, 'cpu'), isWhole),
    kvm: domain.attributes['type'] === undefined ? undefined : ['kvm'].includes(domain.attributes['type']),
    irqchip: irqchipOf(features, isSeen(features) && !passthrough),
    iommu: iommuOf(find(domain, 'devices', 'iommu')),
    memory: isWhole ? memoryOf(domain) : undefined,
    ...devicesOf(find(domain, 'devices')),
    restarts: restartsOf(find(domain, 'on_reboot')?.text, isWhole),
    passthrough,
    expands: false,
    part,
  });
}

/** An element of another namespace, whatever its prefix: arguments for QEMU, or changes of them. */
const isForeign = ({ name, attributes }: XmlElement): boolean =>
  name.includes(':') || attributes['xmlns'] !== undefined;

type SecurityFacts = Pick<ConfigFacts, 'security' | 'blobs'> & {
  [K in 'policy' | 'noPolicy' | 'dhCert' | 'session' | 'hasSession' | 'kernelHashes' | 'cbitpos' | 'reducedPhysBits']?:
    ConfigFacts[K] | undefined;
};

/** The sev-guest object among the arguments that libvirt hands on: the way of before it knew SEV. */
function foreignSecurity(domain: XmlElement): SecurityFacts | undefined {
  const lines = domain.children.filter((element) => isForeign(element) && element.name.endsWith('commandline'));
  const words = lines.flatMap(({ children }) => children.map(({ attributes }) => attributes['value'] ?? ''));
  const options = words.length % 2 === 0 || words.includes('-object') ? tried(() => readOptions(words, 'qemu')) : [];
  const all = (...names: string[]) => options.filter(({ name }) => names.includes(name)).map(({ value }) => value);
  const machine = merged(all('-machine', '-M').map((value) => properties(value, 'type')));
  const found = qemuSecurity(machine, all('-object'), false);
  return found.security === 'unseen' ? undefined : { ...found, blobs: 'files' };
}

function tried(read: () => ReturnType<typeof readOptions>): ReturnType<typeof readOptions> {
  try {
    return read();
  } catch {
    return [];
  }
}

const KINDS: Readonly<Record<string, 'snp' | 'tdx'>> = { 'sev-snp': 'snp', tdx: 'tdx' };

/** @param isSeen whether what the element does not say is missing */
function securityOf(element: XmlElement | undefined, isWhole: boolean, isSeen: boolean): SecurityFacts {
  const blobs = 'text' as const;
  const type = element?.attributes['type'];
  if (!element) return { security: isWhole ? 'none' : 'unseen', blobs };
  if (type !== 'sev') return { security: KINDS[type ?? ''] ?? 'other', blobs };
  const [policy, dhCert, session] = ['policy', 'dhCert', 'session'].map(
    (name) => find(element, name)?.text || undefined,
  );
  const read = readLibvirtPolicy(policy);
  const noPolicy = policy === undefined ? (isSeen ? 'missing' : undefined) : 'no-number';
  return {
    security: 'sev',
    blobs,
    kernelHashes: element.attributes['kernelHashes'] === 'yes',
    policy: read,
    noPolicy: read === undefined ? noPolicy : undefined,
    dhCert,
    session,
    hasSession: dhCert !== undefined && session !== undefined ? true : isSeen ? false : undefined,
    cbitpos: readNumber(find(element, 'cbitpos')?.text),
    reducedPhysBits: readNumber(find(element, 'reducedPhysBits')?.text),
  };
}

/** @param isSeen whether what the element does not say is missing */
function bootOf(os: XmlElement | undefined, isSeen: boolean) {
  const loader = find(os, 'loader');
  const type = loader?.attributes['type'];
  const stateless = loader?.attributes['stateless'] === 'yes';
  const readonly = loader?.attributes['readonly'];
  const kernel = find(os, 'kernel')?.text || undefined;
  const nvram = find(os, 'nvram') !== undefined || find(os, 'varstore') !== undefined;
  const uefi = Boolean(loader?.text) || os?.attributes['firmware'] === 'efi';
  return {
    hasKernel: kernel !== undefined ? true : isSeen ? false : undefined,
    kernel,
    initrd: find(os, 'initrd')?.text || undefined,
    // libvirt hands it on with its blanks, and so it is measured.
    cmdline: find(os, 'cmdline')?.wholeText ?? (isSeen ? '' : undefined),
    firmware: loader?.text || undefined,
    uefi: uefi || (isSeen ? false : undefined),
    nvram: nvram || (isSeen ? false : undefined),
    // A ROM (QEMU's -bios) has no variable store at all.
    stateless: stateless || type === 'rom' || (isSeen ? false : undefined),
    firmwareWritable: type === 'pflash' && (stateless ? readonly === 'no' : readonly !== 'yes'),
  };
}

function cpuOf(element: XmlElement | undefined, isWhole: boolean): GuestCpu | undefined {
  if (!element) return isWhole ? { kind: 'default' } : undefined;
  const { mode = 'custom' } = element.attributes;
  if (['host-passthrough', 'host-model', 'maximum'].includes(mode)) return { kind: 'host', model: mode };
  const model = find(element, 'model')?.text;
  return model ? { kind: 'named', model } : { kind: 'default' };
}

/** libvirt starts a guest again that resets itself, unless it is told not to. */
const restartsOf = (action: string | undefined, isWhole: boolean): boolean | undefined =>
  action === undefined ? (isWhole ? true : undefined) : action === 'restart';

const irqchipOf = (features: XmlElement | undefined, isSeen: boolean): 'kvm' | 'split' | undefined =>
  find(features, 'ioapic')?.attributes['driver'] === 'qemu'
    ? 'split'
    : isSeen || find(features, 'ioapic')
      ? 'kvm'
      : undefined;

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
      const modern = model === 'virtio-non-transitional';
      return [{ name: nameOf(device), iommu, modern, hasModernModel: device.name !== 'video' }];
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
