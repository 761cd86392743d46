// libvirt's documents as `configure` needs them: one root that is read within bounds, paths to its elements, and writing.
import { SevError } from '../errors.ts';
import { parseXml, type XmlElement } from '../encodings/xml.ts';

export type { XmlElement } from '../encodings/xml.ts';

const MAX_LENGTH = 512 * 1024;

/**
 * Reads a document of one root.
 * @throws SevError BYTES_TOO_LARGE, BYTES_VALUE
 */
export function readDocument(text: string, at = 'xml'): XmlElement {
  if (text.length > MAX_LENGTH) throw new SevError('BYTES_TOO_LARGE', { at });
  const [root, ...more] = parseXml(text.startsWith('\ufeff') ? text.slice(1) : text, at);
  if (root && more.length === 0) return root;
  throw new SevError('BYTES_VALUE', {
    at,
    because: root ? 'A second document follows the first.' : 'There is no element in it.',
    next: 'Give the whole of what `virsh dumpxml` prints.',
  });
}

/** The first child of a name; a path of names leads further down. */
export function find(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>(
    (found, name) => found?.children.find((child) => child.name === name),
    element,
  );
}

/** An element to write: name, attributes, and text or children. Undefined attributes and children are left out. */
export interface XmlParts {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly content: string | readonly (XmlParts | undefined)[];
}

export const xml = (
  name: string,
  attributes: XmlParts['attributes'] = {},
  content: XmlParts['content'] = [],
): XmlParts => ({ name, attributes, content });

/** Writes elements with two blanks of indentation. */
export function writeXml({ name, attributes, content }: XmlParts, indent = ''): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const open = `${indent}<${name}${given.map(([key, value]) => ` ${key}='${escapeXml(value!)}'`).join('')}`;
  if (typeof content === 'string') return `${open}>${escapeXml(content)}</${name}>\n`;
  const children = content.filter((child) => child !== undefined);
  if (children.length === 0) return `${open}/>\n`;
  return `${open}>\n${children.map((child) => writeXml(child, `${indent}  `)).join('')}${indent}</${name}>\n`;
}

/** @throws SevError BYTES_VALUE for control characters, which XML cannot hold */
function escapeXml(text: string): string {
  if ([...text].some((char) => char.codePointAt(0)! < 32 && !'\t\n\r'.includes(char))) {
    throw new SevError('BYTES_VALUE', { sentence: 'XML cannot hold control characters.' });
  }
  const names: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', "'": 'apos', '"': 'quot' };
  return text
    .replace(/[&<>'"]/g, (char) => `&${names[char]};`)
    .replace(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}
