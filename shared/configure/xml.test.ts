import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SevError } from '../errors.ts';
import { find, parseXml, writeXml, xml, type XmlElement } from './xml.ts';

const plain = (element: XmlElement): unknown => [
  element.name,
  Object.fromEntries(element.attributes),
  element.text,
  element.children.map(plain),
];

describe('XML', () => {
  it('is read: elements, attributes, text, entities, comments, CDATA', () => {
    const text = `<?xml version="1.0"?>
      <!-- of libvirt -->
      <domain type='kvm' a = "&lt;&#65;&#x42;&amp;">
        <name> web &gt; 1 <!-- no name --></name>
        <os:empty/><cmdline><![CDATA[a < b && c]]></cmdline>
      </domain >
      <!-- the end -->\n`;
    expect(plain(parseXml(text))).toEqual([
      'domain',
      { type: 'kvm', a: '<AB&' },
      '',
      [
        ['name', {}, 'web > 1', []],
        ['os:empty', {}, '', []],
        ['cmdline', {}, 'a < b && c', []],
      ],
    ]);
  });

  it.each([
    ['nothing', ''],
    ['text alone', 'domain'],
    ['a document type', '<!DOCTYPE a><a/>'],
    ['an entity of its own', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'],
    ['an unknown entity', '<a>&e;</a>'],
    ['an entity without an end', '<a>&lt</a>'],
    ['a bare ampersand', '<a>a & b</a>'],
    ['a control character', '<a>&#0;</a>'],
    ['half a surrogate', '<a>&#xd800;</a>'],
    ['a character beyond Unicode', '<a>&#x110000;</a>'],
    ['a processing instruction', '<a><?php ?></a>'],
    ['two roots', '<a/><b/>'],
    ['an open element', '<a><b></a>'],
    ['another closing tag', '<a></b>'],
    ['a closing tag that begins the same', '<a></ab>'],
    ['an attribute twice', "<a b='1' b='2'/>"],
    ['attributes without blanks', "<a b='1'c='2'/>"],
    ['an attribute without quotes', '<a b=1/>'],
    ['an attribute without a value', '<a b/>'],
    ['an open quote', "<a b='1/>"],
    ['a “<” in a value', "<a b='<'/>"],
    ['an open comment', '<a><!-- </a>'],
    ['an open CDATA section', '<a><![CDATA[ </a>'],
    ['a name that is none', '<1/>'],
  ])('is refused with %s', (_, text) => {
    expect(() => parseXml(text)).toThrow('BYTES_VALUE at xml.line');
  });

  it('is bounded in length, depth and number', () => {
    expect(() => parseXml(`<a>${' '.repeat(600_000)}</a>`)).toThrow('BYTES_TOO_LARGE');
    const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(() => parseXml(nested(40))).not.toThrow();
    expect(() => parseXml(nested(50))).toThrow('nested deeper');
    expect(() => parseXml(`<a>${'<b/>'.repeat(20_001)}</a>`)).toThrow('more than 20000');
  });

  it('never fails in another way, and never hangs, whatever the text', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '</',
      '/>',
      'a',
      "'",
      '"',
      '=',
      '&',
      ';',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      ' ',
      '<?xml ?>',
      '#x41',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        try {
          parseXml(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(SevError);
        }
      }),
    );
  });

  it('is read as it was written', () => {
    const text = fc.string().filter((value) => ![...value].some((char) => char < ' '));
    fc.assert(
      fc.property(text, text, (value, content) => {
        const read = parseXml(writeXml(xml('a', { v: value, none: undefined }, [xml('b', {}, content), xml('c')])));
        expect(read.attributes.get('v')).toBe(value);
        expect(find(read, 'b')!.text).toBe(content.trim());
        expect(read.attributes.has('none')).toBe(false);
      }),
    );
    expect(() => writeXml(xml('a', {}, '\0'))).toThrow('control characters');
    expect(parseXml(writeXml(xml('a', { v: 'x\n\ty' }))).attributes.get('v')).toBe('x\n\ty');
  });

  it('is searched by a path of names', () => {
    const root = parseXml('<a><b><c v="1"/></b><b><c v="2"/></b></a>');
    expect(find(root, 'b', 'c')!.attributes.get('v')).toBe('1');
    expect(find(root, 'c')).toBeUndefined();
    expect(find(root, 'd', 'c')).toBeUndefined();
  });
});
