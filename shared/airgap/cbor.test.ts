import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../bytes/text.ts';
import { type CborMap, type CborValue, decodeCbor, encodeCbor } from './cbor.ts';

// RFC 8949, appendix A: those of its examples that use what is used here.
const EXAMPLES: readonly (readonly [hex: string, value: CborValue])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['18ff', 255],
  ['190100', 256],
  ['19ffff', 65_535],
  ['1a00010000', 65_536],
  ['1a000f4240', 1_000_000],
  ['1affffffff', 0xffff_ffff],
  ['1b0000000100000000', 0x1_0000_0000],
  ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['40', new Uint8Array()],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['6449455446', 'IETF'],
  ['62c3bc', 'ü'],
  ['80', []],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', new Map()],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
];

describe('deterministic CBOR', () => {
  it.each(EXAMPLES)('writes and reads %s', (hex, value) => {
    expect(toHex(encodeCbor(value))).toBe(hex);
    expect(decodeCbor(fromHex(hex))).toEqual(value);
  });

  const leaf = fc.oneof(
    fc.maxSafeNat(),
    fc.uint8Array({ maxLength: 80 }),
    fc.string({ maxLength: 40 }).map((text) => text.normalize('NFC')),
  );
  const map = fc.array(fc.tuple(fc.maxSafeNat(), leaf), { maxLength: 6 }).map((entries): CborMap => new Map(entries));
  const value: fc.Arbitrary<CborValue> = fc.oneof(leaf, map, fc.array(fc.oneof(leaf, map), { maxLength: 6 }));

  it('reads back what it wrote, and nothing shorter or longer', () => {
    fc.assert(
      fc.property(value, fc.nat(), (given, cut) => {
        const bytes = encodeCbor(given);
        expect(encodeCbor(decodeCbor(bytes))).toEqual(bytes);
        expect(() => decodeCbor(bytes.slice(0, cut % bytes.length))).toThrow('BYTES_LENGTH');
        expect(() => decodeCbor(Uint8Array.of(...bytes, 0))).toThrow('BYTES_LENGTH');
      }),
    );
  });

  it('never reads two byte strings as one value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        let read: CborValue;
        try {
          read = decodeCbor(bytes);
        } catch {
          return;
        }
        expect(encodeCbor(read)).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['1817', 'BYTES_VALUE', 'a number in more bytes than it needs'],
    ['190017', 'BYTES_VALUE', 'a number in more bytes than it needs'],
    ['1b0020000000000000', 'BYTES_VALUE', 'a number beyond 2^53'],
    ['1b0000000000000001', 'BYTES_VALUE', 'a number in more bytes than it needs'],
    ['5800', 'BYTES_VALUE', 'a length in more bytes than it needs'],
    ['5f42010243030405ff', 'BYTES_VALUE', 'an indefinite length'],
    ['9fff', 'BYTES_VALUE', 'an indefinite length'],
    ['20', 'BYTES_VALUE', 'a negative number'],
    ['c100', 'BYTES_VALUE', 'a tag'],
    ['f4', 'BYTES_VALUE', 'false'],
    ['f97e00', 'BYTES_VALUE', 'not a number'],
    ['a203040102', 'BYTES_VALUE', 'keys out of order'],
    ['a201020102', 'BYTES_VALUE', 'a key twice'],
    ['a1616101', 'BYTES_VALUE', 'a text as a key'],
    ['8181818100', 'BYTES_VALUE', 'deep nesting'],
    ['6375cc88', 'BYTES_VALUE', 'a text that is not in normal form C'],
    ['62fffe', 'BYTES_ENCODING', 'a text that is not UTF-8'],
    ['9affffffff', 'BYTES_LENGTH', 'a huge count of items'],
    ['ba7fffffff', 'BYTES_LENGTH', 'a huge count of entries'],
    ['5b001fffffffffffff', 'BYTES_LENGTH', 'a huge byte string'],
    ['', 'BYTES_LENGTH', 'nothing'],
  ])('refuses %s (%s: %s)', (hex, code) => {
    expect(() => decodeCbor(fromHex(hex))).toThrow(code);
  });
});
