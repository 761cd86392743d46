import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SevError } from '../errors.ts';
import { childText, findElement, parseXml } from './xml.ts';

describe('XML', () => {
  it('is read as elements, attributes and text', () => {
    const [domain] = parseXml(`<?xml version="1.0"?>
      <!-- <hidden/> -->
      <domain type='kvm' id="3">
        <name>a &amp; b &lt;c&gt; &#65;&#x42;</name>
        <os><loader readonly='yes'/><cmdline><![CDATA[ a <b> & c ]]></cmdline></os>
      </domain>`);
    expect([domain?.name, domain?.attributes]).toEqual(['domain', { type: 'kvm', id: '3' }]);
    expect(childText(domain!, 'name')).toBe('a & b <c> AB');
    expect(findElement([domain!], 'loader')?.attributes).toEqual({ readonly: 'yes' });
    expect(findElement([domain!], 'cmdline')?.text).toBe('a <b> & c');
    expect(findElement([domain!], 'hidden')).toBeUndefined();
    expect(childText(domain!, 'loader')).toBeUndefined();
  });

  it('may be a fragment with several elements', () => {
    expect(parseXml('<a/> <b>1</b>').map((element) => element.name)).toEqual(['a', 'b']);
    expect(parseXml('')).toEqual([]);
  });

  it('keeps names of objects out of the way', () => {
    const [element] = parseXml("<a __proto__='x' constructor='y'/>");
    expect(Object.keys(element!.attributes)).toEqual(['__proto__', 'constructor']);
  });

  it.each([
    '<a>',
    '</a>',
    '<a></b>',
    '<a><b></a></b>',
    '<a',
    '<a b>',
    '<a b=c/>',
    "<a b='c/>",
    "<a b='<'/>",
    '< a/>',
    '<a>&unknown;</a>',
    '<a>&amp</a>',
    '<a>&toString;</a>',
    '<a>&#0;</a>',
    '<a>&#x110000;</a>',
    '<a>&#xD800;</a>',
    '<a>&#7;</a>',
    "<a b='1' b='2'/>",
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<a><!-- </a>',
    '<a><![CDATA[ </a>',
  ])('is refused when it is not well-formed: %s', (text) => {
    expect(() => parseXml(text)).toThrow('BYTES_VALUE');
  });

  it('has at most 64 levels and 10,000 elements', () => {
    const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(parseXml(nested(64))).toHaveLength(1);
    expect(() => parseXml(nested(65))).toThrow('BYTES_TOO_LARGE');
    expect(parseXml('<a/>'.repeat(10_000))).toHaveLength(10_000);
    expect(() => parseXml('<a/>'.repeat(10_001))).toThrow('BYTES_TOO_LARGE');
  });

  it('is read or refused, whatever it is', () => {
    const text = fc.string({
      unit: fc.constantFrom('<', '>', '/', 'a', ' ', '=', "'", '&', ';', '!', '-', '[', ']', '?'),
    });
    fc.assert(
      fc.property(text, (value) => {
        try {
          parseXml(value);
        } catch (error) {
          expect(error).toBeInstanceOf(SevError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
