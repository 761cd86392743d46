// A small XML reader for libvirt's documents: elements, attributes and text. No DTD, no entities of its own, no namespaces.
import { SevError } from '../errors.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All text directly inside, trimmed. */
  readonly text: string;
  /** The same with its blanks. */
  readonly wholeText: string;
}

const MAX_ELEMENTS = 10_000;
const MAX_DEPTH = 64;

/** One token after the other: what to skip, a closing tag, an opening tag, text. Sticky, so nothing is passed over. */
const TOKEN =
  /<\?[^>]*\?>|<!--[^]*?-->|<!\[CDATA\[([^]*?)\]\]>|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const ATTRIBUTE = /\s+([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/gy;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

interface Open {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/**
 * Reads a document or a fragment of one; fragments may have several elements side by side.
 * @throws SevError BYTES_VALUE when it is not well-formed, BYTES_TOO_LARGE beyond 10,000 elements or 64 levels
 */
export function parseXml(text: string, at = 'xml'): readonly XmlElement[] {
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const open: Open[] = [root];
  let count = 0;
  TOKEN.lastIndex = 0;
  for (let position = 0; position < text.length; position = TOKEN.lastIndex) {
    TOKEN.lastIndex = position;
    const token = TOKEN.exec(text);
    if (!token) return refuse(at, faultAt(text, position));
    const [, cdata, closing, opening, attributes, empty, plain] = token;
    const inner = open.at(-1)!;
    if (opening !== undefined) {
      if (++count > MAX_ELEMENTS || open.length > MAX_DEPTH) throw new SevError('BYTES_TOO_LARGE', { at });
      const element: Open = { name: opening, attributes: readAttributes(attributes ?? '', at), children: [], text: '' };
      if (empty) inner.children.push(close(element));
      else open.push(element);
    } else if (closing !== undefined) {
      if (open.length === 1 || inner.name !== closing) return refuse(at, `</${closing.slice(0, 40)}> closes nothing.`);
      open.pop();
      open.at(-1)!.children.push(close(inner));
    } else inner.text += cdata ?? decode(plain ?? '', at);
  }
  if (open.length > 1) return refuse(at, `<${open.at(-1)!.name.slice(0, 40)}> is not closed: the text was cut off.`);
  return root.children;
}

const faultAt = (text: string, position: number): string =>
  text.startsWith('<!DOCTYPE', position)
    ? 'It has a document type (DOCTYPE), which is not read here.'
    : `It is not well-formed at character ${position + 1}.`;

/** The first element of this name, in the order of the document, at any depth. */
export function findElement(elements: readonly XmlElement[], name: string): XmlElement | undefined {
  for (const element of elements) {
    const found = element.name === name ? element : findElement(element.children, name);
    if (found) return found;
  }
  return undefined;
}

/** The text of a direct child. */
export const childText = (element: XmlElement, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text;

const close = ({ name, attributes, children, text }: Open): XmlElement => ({
  name,
  attributes,
  children,
  text: text.trim(),
  wholeText: text,
});

function readAttributes(text: string, at: string): Record<string, string> {
  const pairs = [...text.matchAll(ATTRIBUTE)].map(([, name, double, single]) => [
    name!,
    decode(double ?? single ?? '', at),
  ]);
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) return refuse(at, 'An attribute is there twice.');
  return Object.fromEntries(pairs) as Record<string, string>;
}

const decode = (text: string, at: string): string =>
  text.replaceAll(/&(#\d{1,7}|#x[0-9a-f]{1,6}|\w{1,8})?;?/gi, (whole, name: string | undefined) => {
    const char = name?.startsWith('#')
      ? fromCodePoint(name)
      : name !== undefined && Object.hasOwn(ENTITIES, name)
        ? ENTITIES[name]
        : undefined;
    return whole.endsWith(';') && char !== undefined ? char : refuse(at, `“${whole}” is not known.`);
  });

function fromCodePoint(reference: string): string | undefined {
  const isHex = /^#x/i.test(reference);
  const value = Number.parseInt(reference.slice(isHex ? 2 : 1), isHex ? 16 : 10);
  const isCharacter = [9, 10, 13].includes(value) || (value >= 32 && value <= 0x10ffff && value >> 11 !== 0xd800 >> 11);
  return isCharacter ? String.fromCodePoint(value) : undefined;
}

function refuse(at: string, because: string): never {
  throw new SevError('BYTES_VALUE', { at, because, next: 'Give the whole XML, as `virsh dumpxml` prints it.' });
}
