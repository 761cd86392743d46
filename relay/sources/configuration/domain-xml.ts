// libvirt's XML as it is handed out: only the elements and attributes that the configuration audit reads
// (shared/configure/read-domain.ts). Whatever else a domain holds is its operator's business, passwords among it.
import { xml, type XmlElement, type XmlParts, writeXml } from '../../../shared/configure/xml.ts';
import { readDomain } from '../libvirt/domain.ts';
import { cmdlineForAudit } from './cmdline.ts';

interface Rule {
  readonly attributes?: readonly string[];
  /** Whether its text is handed out, and how. */
  readonly text?: (text: string) => string;
  readonly children?: Readonly<Record<string, Rule>>;
}

/** A name, a number, base64, or a path; nothing with a user or a password in it. */
const HARMLESS = /^[\w./+:=, -]*$/;
const plainText = (text: string): string => (HARMLESS.test(text) && !text.includes('://') ? text : '');
const TEXT: Rule = { text: plainText };
const THERE: Rule = {};

const DEVICE: Rule = {
  attributes: ['type', 'model', 'bus'],
  children: {
    model: { attributes: ['type'] },
    target: { attributes: ['dev', 'bus'] },
    mac: { attributes: ['address'] },
    driver: { attributes: ['iommu', 'intremap', 'eim', 'xtsup'] },
    rom: { attributes: ['enabled', 'bar', 'file'] },
  },
};
const DEVICES = ['interface', 'disk', 'controller', 'input', 'filesystem', 'memballoon', 'rng', 'video', 'vsock'];

const DOMAIN: Rule = {
  attributes: ['type'],
  children: {
    name: TEXT,
    uuid: TEXT,
    memory: { attributes: ['unit'], text: plainText },
    memtune: { children: { hard_limit: { attributes: ['unit'], text: plainText } } },
    memoryBacking: { children: { locked: THERE } },
    vcpu: { attributes: ['current'], text: plainText },
    os: {
      attributes: ['firmware'],
      children: {
        type: { attributes: ['arch', 'machine'], text: plainText },
        loader: { attributes: ['type', 'readonly', 'secure', 'stateless', 'format'], text: plainText },
        nvram: THERE,
        varstore: THERE,
        kernel: TEXT,
        initrd: TEXT,
        cmdline: { text: cmdlineForAudit },
      },
    },
    features: { children: { smm: { attributes: ['state'] }, ioapic: { attributes: ['driver'] } } },
    cpu: { attributes: ['mode'], children: { model: TEXT } },
    launchSecurity: {
      attributes: ['type', 'kernelHashes'],
      children: { policy: TEXT, dhCert: TEXT, session: TEXT, cbitpos: TEXT, reducedPhysBits: TEXT },
    },
    devices: {
      children: {
        iommu: { attributes: ['model'], children: { driver: { attributes: ['iommu', 'intremap', 'eim', 'xtsup'] } } },
        ...Object.fromEntries([...DEVICES, 'crypto', 'sound'].map((name) => [name, DEVICE])),
      },
    },
  },
};

/** @throws SevError RELAY_LIBVIRT, BYTES_VALUE when it is no domain */
export function domainForAudit(text: string): string {
  const domain = readDomain(text);
  const { attributes, content } = kept(domain, DOMAIN);
  // That something is passed to QEMU beside libvirt is a finding; what it is, is not handed out.
  const foreign = domain.children.some(({ name, attributes: own }) => name.includes(':') || own['xmlns'] !== undefined);
  const passed = foreign ? [xml('passthrough', { xmlns: 'urn:sev-relay:left-out' }, '')] : [];
  return writeXml(xml('domain', attributes, [...(content as readonly XmlParts[]), ...passed]));
}

function kept(element: XmlElement, rule: Rule): XmlParts {
  const attributes = Object.fromEntries(
    (rule.attributes ?? []).map((name) => [name, shown(name, element.attributes[name])]),
  );
  const children = element.children.flatMap((child) => {
    const below = rule.children && Object.hasOwn(rule.children, child.name) ? rule.children[child.name] : undefined;
    return below ? [kept(child, below)] : [];
  });
  return xml(element.name, attributes, rule.text ? rule.text(element.wholeText) : children);
}

/** Of a ROM's file only whether there is one is read. */
const shown = (name: string, value: string | undefined): string | undefined =>
  value === undefined ? undefined : name === 'file' ? (value === '' ? '' : 'left-out') : plainText(value);
