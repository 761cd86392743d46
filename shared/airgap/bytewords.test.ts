import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../bytes/crc32.ts';
import { ascii, fromHex, toHex } from '../bytes/text.ts';
import { decodeBytewords, encodeBytewords } from './bytewords.ts';

describe('CRC-32', () => {
  // BCR-2024-001, section 4, and the reference implementation.
  it.each([
    ['Hello, world!', 0xebe6c6e6],
    ['Wolf', 0x598c84dc],
    ['', 0],
  ])('of %j', (text, checksum) => {
    expect(crc32(ascii(text))).toBe(checksum);
  });
});

describe('bytewords', () => {
  // BCR-2020-012, “Example/Test Vector”, and the reference implementation's tests.
  it.each([
    ['000102' + '80ff', 'aeadaolazmjendeoti'],
    [
      'd99d6ca20150c7098580125e2ab0981253468b2dbc5202c11947da',
      'tantjzoeadgdstaslplabghydrpfmkbggufgludprfgmaosecffltnsoaawkbd',
    ],
    ['c7098580125e2ab0981253468b2dbc52', 'staslplabghydrpfmkbggufgludprfgmzepsbtwd'],
  ])('of %s', (hex, letters) => {
    expect(encodeBytewords(fromHex(hex)).toLowerCase()).toBe(letters);
    expect(toHex(decodeBytewords(letters.toUpperCase()))).toBe(hex);
  });

  it('read back what they wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        expect(decodeBytewords(encodeBytewords(bytes))).toEqual(bytes);
      }),
    );
  });

  it('notice every single letter that was misread', () => {
    const letters = encodeBytewords(fromHex('c7098580125e2ab0981253468b2dbc52'));
    for (let i = 0; i < letters.length; i++) {
      const wrong = letters[i] === 'A' ? 'B' : 'A';
      expect(() => decodeBytewords(letters.slice(0, i) + wrong + letters.slice(i + 1))).toThrow(
        /BYTES_(CHECKSUM|ENCODING)/,
      );
    }
  });

  it.each([
    ['', 'BYTES_ENCODING'],
    ['WF', 'BYTES_ENCODING'],
    ['AEADAOLAZMJENDEOT', 'BYTES_ENCODING'],
    ['AEADAOLAZOJENDEOWF', 'BYTES_CHECKSUM'],
    ['AEADAOLAZ0JENDEOTI', 'BYTES_ENCODING'],
    ['QQADAOLAZMJENDEOTI', 'BYTES_ENCODING'],
  ])('refuse %j', (letters, code) => {
    expect(() => decodeBytewords(letters)).toThrow(code);
  });
});
