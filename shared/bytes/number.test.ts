import { describe, expect, it } from 'vitest';
import { bothRadices, dottedBothRadices, le32, parseNumber } from './number.ts';

describe('Numbers', () => {
  it('are shown in both radices', () => {
    expect(bothRadices(22)).toBe('22 · 0x16');
    expect(dottedBothRadices(1, 55, 21)).toBe('1.55.21 · 0x1.0x37.0x15');
  });

  it.each([
    ['0', 0],
    ['39', 39],
    ['0x39', 0x39],
    ['0XfF', 255],
    ['007', 7],
  ])('are read from %j', (text, value) => {
    expect(parseNumber(text, 255, 'n')).toBe(value);
  });

  it.each(['', ' 1', '1f', '-1', '1.5', '1e2', '0x', '256', '0x100', '١'])('are refused from %j', (text) => {
    expect(() => parseNumber(text, 255, 'n')).toThrow('BYTES_VALUE at n');
  });

  it('become four bytes, the lowest first', () => {
    expect(le32(0xfedcba98)).toEqual(Uint8Array.of(0x98, 0xba, 0xdc, 0xfe));
  });
});
