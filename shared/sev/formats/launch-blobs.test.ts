import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SevError } from '../../errors.ts';
import { concat } from '../../bytes/writer.ts';
import { encodeLaunchMeasure, parseLaunchMeasure } from './launch-measure.ts';
import { encodeLaunchSession, parseLaunchSession } from './launch-session.ts';
import { encodePacketHeader, parsePacketHeader } from './secret-packet.ts';

const formats = [
  { name: 'session blob', size: 128, again: (b: Uint8Array) => encodeLaunchSession(parseLaunchSession(b)) },
  { name: 'measurement', size: 48, again: (b: Uint8Array) => encodeLaunchMeasure(parseLaunchMeasure(b)) },
];

describe.each(formats)('A $name', ({ size, again }) => {
  it('is written back as it was read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (b) => {
        expect(again(b)).toEqual(b);
      }),
    );
  });

  it('is refused in any other length', () => {
    for (let length = 0; length < size + 40; length++) {
      if (length !== size) expect(() => again(new Uint8Array(length))).toThrow('BYTES_LENGTH');
    }
  });
});

describe('A packet header', () => {
  const field = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

  it('is written back as it was read', () => {
    fc.assert(
      fc.property(fc.boolean(), field(16), field(32), (compressed, iv, mac) => {
        const header = { compressed, iv, mac };
        expect(parsePacketHeader(encodePacketHeader(header))).toEqual(header);
      }),
    );
  });

  it('is refused with a flag that is not known, and in any other length', () => {
    const bytes = new Uint8Array(52);
    for (let bit = 1; bit < 32; bit++) {
      const stray = bytes.slice();
      stray[bit >> 3] = 1 << (bit & 7);
      expect(() => parsePacketHeader(stray)).toThrow('BYTES_RESERVED at header.flags');
    }
    expect(() => parsePacketHeader(bytes.slice(1))).toThrow('BYTES_LENGTH');
    expect(() => parsePacketHeader(concat(bytes, bytes))).toThrow('BYTES_LENGTH');
  });

  it('has no field of another size', () => {
    const header = { compressed: false, iv: new Uint8Array(15), mac: new Uint8Array(32) };
    expect(() => encodePacketHeader(header)).toThrow(SevError);
  });
});

it('32 bytes in place of a measurement are named for what they may be', () => {
  expect(() => parseLaunchMeasure(new Uint8Array(32))).toThrow('launch digest');
});
