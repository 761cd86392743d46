// The facts in some elements of a domain: what `grep` left of it, what was cut off at the end, what somebody typed.
import { SevError } from '../errors.ts';
import type { XmlElement } from '../encodings/xml.ts';
import type { ConfigFacts } from './config-facts.ts';
import { configForm } from './form-words.ts';
import { domainFacts } from './read-domain.ts';

const MAX_ELEMENTS = 10_000;
const MAX_DEPTH = 64;

/** Elements of a domain's first level. */
const SECTIONS = new Set(
  (
    'os,features,cpu,vcpu,memory,currentMemory,memoryBacking,memtune,on_poweroff,on_reboot,on_crash,devices,launchSecurity,' +
    'name,uuid,clock,qemu:commandline,iothreads'
  ).split(','),
);
/** Elements one level further down, by the section that they belong in. */
const INNER: Readonly<Record<string, string>> = {
  ...{
    type: 'os',
    loader: 'os',
    nvram: 'os',
    varstore: 'os',
    kernel: 'os',
    initrd: 'os',
    cmdline: 'os',
    firmware: 'os',
  },
  ...{ smm: 'features', ioapic: 'features', vmport: 'features' },
  ...{ interface: 'devices', disk: 'devices', controller: 'devices', iommu: 'devices', memballoon: 'devices' },
  ...{ rng: 'devices', video: 'devices', filesystem: 'devices', vsock: 'devices', input: 'devices' },
  ...{ dhCert: 'launchSecurity', session: 'launchSecurity' },
};

/** @throws SevError BYTES_VALUE where nothing of a domain is in it, BYTES_TOO_LARGE */
export function readDomainParts(text: string, at: string): ConfigFacts {
  const cut = new Set<XmlElement>();
  const roots = elementsIn(withoutPrefixes(text), cut, at);
  const sections = new Map<string, XmlElement>();
  const loose = new Map<string, XmlElement[]>();
  for (const element of flat(roots)) {
    if (SECTIONS.has(element.name)) sections.set(element.name, element);
    else if (Object.hasOwn(INNER, element.name)) {
      const section = INNER[element.name]!;
      loose.set(section, loose.get(section) ?? []);
      loose.get(section)!.push(element);
    }
  }
  for (const [name, children] of loose) {
    if (sections.has(name)) continue;
    // Others may have stood beside them.
    const section = element(name, children, name === 'launchSecurity' ? { type: 'sev' } : {});
    cut.add(section);
    sections.set(name, section);
  }
  if (sections.size === 0) throw new SevError('BYTES_VALUE', { at, ...configForm('other-xml', roots[0]?.name ?? '?') });
  return domainFacts({ domain: element('domain', [...sections.values()]), part: 'domain-part', cut });
}

const element = (
  name: string,
  children: readonly XmlElement[],
  attributes: Readonly<Record<string, string>> = {},
): XmlElement => ({ name, attributes, children, text: '', wholeText: '' });

/** Elements of the first levels; what is within a section stays there. */
function flat(elements: readonly XmlElement[]): readonly XmlElement[] {
  return elements.flatMap((one) => (['domain', 'domstatus'].includes(one.name) ? flat(one.children) : [one]));
}

/** `grep` may print the number of a line, or the name of a file, before it. */
const withoutPrefixes = (text: string): string =>
  text.replaceAll(/^(?:[\w./-]{1,200}\.xml[-:])?(?:\d{1,6}[-:])?(?=[ \t]{0,200}<)/gm, '');

const TAG =
  /<(?:\/([\w:.-]{1,80})\s{0,80}|([\w:.-]{1,80})((?:\s{1,80}[\w:.-]{1,80}\s{0,9}=\s{0,9}(?:"[^"<]*"|'[^'<]*'))*)\s{0,80}(\/?))>/y;
const ATTRIBUTE = /(?<![\w:.-])([\w:.-]{1,80})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')/g;

interface Open {
  readonly element: XmlElement & { children: XmlElement[]; text: string; wholeText: string };
}

/** Every element, in the order of the text; those that nothing closes are also in `cut`. Linear in the text. */
function elementsIn(text: string, cut: Set<XmlElement>, at: string): readonly XmlElement[] {
  const root = { ...element('', []), children: [] as XmlElement[] };
  const open: Open['element'][] = [root];
  let count = 0;
  let position = 0;
  while (position < text.length) {
    const next = text.indexOf('<', position);
    const plain = text.slice(position, next < 0 ? text.length : next);
    const inner = open.at(-1)!;
    if (open.length > 1) inner.wholeText += decoded(plain);
    if (next < 0) break;
    position = next + 1;
    if (text.startsWith('<!--', next)) {
      const end = text.indexOf('-->', next);
      position = end < 0 ? text.length : end + 3;
      continue;
    }
    TAG.lastIndex = next;
    const [whole, closing, opening, attributes = '', empty] = TAG.exec(text) ?? [];
    if (whole === undefined) continue;
    position = next + whole.length;
    if (closing !== undefined) {
      const level = open.findLastIndex(({ name }) => name === closing);
      if (level <= 0) continue;
      for (const unclosed of open.splice(level).slice(1)) cut.add(unclosed);
    } else if (opening !== undefined) {
      if (++count > MAX_ELEMENTS || open.length > MAX_DEPTH) throw new SevError('BYTES_TOO_LARGE', { at });
      const made = { ...element(opening, [], attributesOf(attributes)), children: [] as XmlElement[] };
      inner.children.push(made);
      if (!empty) open.push(made);
    }
  }
  for (const unclosed of open.slice(1)) cut.add(unclosed);
  // A text that was cut off is no value.
  const last = open.at(-1)!;
  if (open.length > 1 && last.children.length === 0 && last.wholeText.trim() !== '') open.at(-2)!.children.pop();
  for (const unclosed of cut) trim(unclosed);
  return root.children.map(trimmed);
}

const attributesOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(ATTRIBUTE)].map(([, name, double, single]) => [name!, decoded(double ?? single ?? '')]),
  );

const decoded = (text: string): string =>
  text.replaceAll(
    /&(lt|gt|quot|apos|amp);/g,
    (_, name: string) => ({ lt: '<', gt: '>', quot: '"', apos: "'" })[name] ?? '&',
  );

/** In place, so that `cut` still holds the same elements. */
function trim(one: XmlElement): void {
  (one as { text: string }).text = one.wholeText.trim();
}

function trimmed(one: XmlElement): XmlElement {
  trim(one);
  one.children.forEach(trimmed);
  return one;
}
