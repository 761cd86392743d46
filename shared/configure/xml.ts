// A small, strict reader of XML for libvirt's documents, without document types, entities of its own, or processing
// instructions; and the writer beside it.
import { SevError } from '../errors.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly within, joined and without blanks around it. */
  readonly text: string;
}

const MAX_LENGTH = 512 * 1024;
const MAX_DEPTH = 40;
const MAX_ELEMENTS = 20_000;

const NAME = /[A-Za-z_][A-Za-z0-9_.:-]{0,127}/y;
const SPACE = /[ \t\r\n]*/y;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Reads one document.
 * @throws SevError BYTES_TOO_LARGE, BYTES_VALUE with the line where reading ended
 */
export function parseXml(text: string, at = 'xml'): XmlElement {
  if (text.length > MAX_LENGTH) throw new SevError('BYTES_TOO_LARGE', { at });
  return new XmlReader(text, at).document();
}

class XmlReader {
  #text: string;
  #at: string;
  #offset = 0;
  #elements = 0;

  constructor(text: string, at: string) {
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text;
    this.#at = at;
  }

  document(): XmlElement {
    if (/^<\?xml[ \t\r\n]/.test(this.#text)) this.#skipPast('?>', 'The XML declaration has no end.');
    this.#misc();
    const root = this.#element(0);
    this.#misc();
    if (this.#offset < this.#text.length) this.#refuse('Something follows the document.');
    return root;
  }

  #element(depth: number): XmlElement {
    if (depth > MAX_DEPTH) this.#refuse(`It is nested deeper than ${MAX_DEPTH}.`);
    if (++this.#elements > MAX_ELEMENTS) this.#refuse(`It has more than ${MAX_ELEMENTS} elements.`);
    this.#expect('<');
    const name = this.#match(NAME, 'An element needs a name.');
    const attributes = this.#attributes();
    if (this.#take('/>')) return { name, attributes, children: [], text: '' };
    this.#expect('>');
    const { children, text } = this.#content(depth);
    this.#expect(name);
    this.#match(SPACE, '');
    this.#expect('>');
    return { name, attributes, children, text: text.trim() };
  }

  #attributes(): ReadonlyMap<string, string> {
    const attributes = new Map<string, string>();
    while (true) {
      const space = this.#match(SPACE, '');
      if (this.#text[this.#offset] === '>' || this.#text[this.#offset] === '/') return attributes;
      if (space === '') this.#refuse('Attributes are parted by blanks.');
      const name = this.#match(NAME, 'An attribute needs a name.');
      if (attributes.has(name)) this.#refuse(`The attribute ${name} is there twice.`);
      this.#match(SPACE, '');
      this.#expect('=');
      this.#match(SPACE, '');
      attributes.set(name, this.#quoted());
    }
  }

  #quoted(): string {
    const quote = this.#text[this.#offset];
    if (quote !== '"' && quote !== "'") return this.#refuse('An attribute needs its value in quotes.');
    const end = this.#text.indexOf(quote, this.#offset + 1);
    if (end < 0) return this.#refuse('A quote has no end.');
    const value = this.#text.slice(this.#offset + 1, end);
    if (value.includes('<')) this.#refuse('A value holds a “<”.');
    this.#offset = end + 1;
    return this.#decode(value);
  }

  /** Text and elements up to the closing tag, whose `</` is taken. */
  #content(depth: number): { children: readonly XmlElement[]; text: string } {
    const children: XmlElement[] = [];
    const texts: string[] = [];
    while (true) {
      const next = this.#text.indexOf('<', this.#offset);
      if (next < 0) this.#refuse('An element is not closed.');
      texts.push(this.#decode(this.#text.slice(this.#offset, next)));
      this.#offset = next;
      if (this.#take('</')) return { children, text: texts.join('') };
      if (this.#take('<!--')) this.#comment();
      else if (this.#take('<![CDATA[')) texts.push(this.#characters());
      else children.push(this.#element(depth + 1));
    }
  }

  #comment(): void {
    this.#skipPast('-->', 'A comment has no end.');
  }

  #characters(): string {
    const start = this.#offset;
    this.#skipPast(']]>', 'A CDATA section has no end.');
    return this.#text.slice(start, this.#offset - 3);
  }

  /** Blanks and comments around the root. A document type stops here: it is no element. */
  #misc(): void {
    do this.#match(SPACE, '');
    while (this.#take('<!--') && (this.#comment(), true));
  }

  #decode(text: string): string {
    return text.replace(/&([^;&]{0,10};?)/g, (whole, entity: string) => {
      const name = entity.endsWith(';') ? entity.slice(0, -1) : '';
      if (Object.hasOwn(ENTITIES, name)) return ENTITIES[name]!;
      const digits = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
      const code = digits ? Number.parseInt(digits[1] ?? digits[2]!, digits[1] ? 16 : 10) : 0;
      const allowed =
        code === 9 || code === 10 || code === 13 || (code >= 32 && code <= 0x10ffff && (code & ~0x7ff) !== 0xd800);
      return allowed ? String.fromCodePoint(code) : this.#refuse(`The entity ${whole.slice(0, 12)} is not known.`);
    });
  }

  #take(literal: string): boolean {
    if (!this.#text.startsWith(literal, this.#offset)) return false;
    this.#offset += literal.length;
    return true;
  }

  #expect(literal: string): void {
    if (!this.#take(literal)) this.#refuse(`“${literal}” is missing.`);
  }

  #match(pattern: RegExp, because: string): string {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return this.#refuse(because);
    this.#offset += found.length;
    return found;
  }

  #skipPast(literal: string, because: string): void {
    const end = this.#text.indexOf(literal, this.#offset);
    if (end < 0) this.#refuse(because);
    this.#offset = end + literal.length;
  }

  #refuse(because: string): never {
    const line = this.#text.slice(0, this.#offset).split('\n').length;
    throw new SevError('BYTES_VALUE', {
      at: `${this.#at}.line${line}`,
      sentence: 'This is not XML that can be read here.',
      because,
      next: 'Give the whole of what `virsh dumpxml` prints.',
    });
  }
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
