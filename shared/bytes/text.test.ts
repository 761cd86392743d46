import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeGuid, parseGuid } from './guid.ts';
import { fromBase64, fromHex, fromUtf8, toBase64, toHex, toUtf8 } from './text.ts';

describe('hex and base64', () => {
  const bytes = fc.uint8Array({ maxLength: 200 });

  it('read back what they wrote', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(fromHex(toHex(value))).toEqual(value);
        expect(fromBase64(toBase64(value))).toEqual(value);
      }),
    );
  });

  it('write base64 as the platform does', () => {
    fc.assert(fc.property(bytes, (value) => toBase64(value) === btoa(String.fromCharCode(...value))));
  });

  it.each(['A', 'AA', 'AAA', 'AA=A', 'AB==', 'AAB=', '====', 'AA A', 'AAAA\n', 'ÄAAA'])('refuse base64 %j', (text) => {
    expect(() => fromBase64(text)).toThrow('BYTES_ENCODING');
  });

  it.each(['a', 'zz', '0x00', 'aa aa'])('refuse hex %j', (text) => {
    expect(() => fromHex(text)).toThrow('BYTES_ENCODING');
  });

  it('refuse bytes that are not UTF-8', () => {
    expect(fromUtf8(toUtf8('Schlüssel'))).toBe('Schlüssel');
    expect(() => fromUtf8(Uint8Array.of(0xff, 0xfe))).toThrow('BYTES_ENCODING');
  });
});

describe('GUIDs', () => {
  const guid = '1e74f542-71dd-4d66-963e-ef4287ff173b';

  it('are stored with their first three fields little-endian', () => {
    expect(toHex(encodeGuid(guid))).toBe('42f5741edd71664d963eef4287ff173b');
    expect(parseGuid(encodeGuid(guid.toUpperCase()))).toBe(guid);
  });

  it('are refused in any other form', () => {
    expect(() => encodeGuid('1e74f54271dd4d66963eef4287ff173b')).toThrow('BYTES_ENCODING');
    expect(() => parseGuid(new Uint8Array(15))).toThrow('BYTES_LENGTH');
  });
});
