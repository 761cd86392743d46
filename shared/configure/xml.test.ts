import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { find, readDocument, writeXml, xml } from './xml.ts';

describe('An XML document', () => {
  it.each([
    ['nothing', ''],
    ['text alone', 'domain'],
    ['two roots', '<a/><b/>'],
    ['a document type', '<!DOCTYPE a><a/>'],
    ['an entity of its own', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'],
    ['an open element', '<a><b></a>'],
    ['a control character', '<a>&#0;</a>'],
  ])('is refused with %s', (_, text) => {
    expect(() => readDocument(text)).toThrow('BYTES_VALUE at xml');
  });

  it('is bounded in length and depth', () => {
    expect(() => readDocument(`<a>${' '.repeat(600_000)}</a>`)).toThrow('BYTES_TOO_LARGE');
    const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(() => readDocument(nested(40))).not.toThrow();
    expect(() => readDocument(nested(100))).toThrow('BYTES_TOO_LARGE');
  });

  it('is read as it was written', () => {
    const text = fc.string().filter((value) => ![...value].some((char) => char < ' '));
    fc.assert(
      fc.property(text, text, (value, content) => {
        const read = readDocument(writeXml(xml('a', { v: value, none: undefined }, [xml('b', {}, content), xml('c')])));
        expect(read.attributes).toEqual({ v: value });
        expect(find(read, 'b')!.text).toBe(content.trim());
        expect(read.children.map(({ name }) => name)).toEqual(['b', 'c']);
      }),
    );
    expect(() => writeXml(xml('a', {}, '\0'))).toThrow('control characters');
    expect(readDocument(writeXml(xml('a', { v: 'x\n\ty' }))).attributes['v']).toBe('x\n\ty');
  });

  it('is searched by a path of names', () => {
    const root = readDocument('\ufeff<?xml version="1.0"?><a><b><c v="1"/></b><b><c v="2"/></b></a>\n');
    expect(find(root, 'b', 'c')!.attributes['v']).toBe('1');
    expect(find(root, 'c')).toBeUndefined();
    expect(find(root, 'd', 'c')).toBeUndefined();
  });
});
