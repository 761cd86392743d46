// The reference implementation's published vectors (BCR-2024-001, sections 4 and 5), in short where they are long.
import { describe, expect, it } from 'vitest';
import { crc32 } from '../bytes/crc32.ts';
import { toHex } from '../bytes/text.ts';
import { referenceMessage, referenceRandom, referenceUr } from '../testing/reference-message.ts';
import { FountainDecoder } from './fountain-decoder.ts';
import { FountainEncoder } from './fountain-encoder.ts';
import { AliasSampler, FragmentChooser } from './fragment-chooser.ts';
import { encodePart, type Part } from './part.ts';
import { encodeUr, encodeUrPart } from './ur.ts';

describe('the sequence of numbers', () => {
  it('is xoshiro256**, seeded through SHA-256', () => {
    const random = referenceRandom('Wolf');
    const numbers = Array.from({ length: 20 }, () => Number(random.next() % 100n));
    expect(numbers).toEqual([42, 81, 85, 8, 82, 84, 76, 73, 70, 88, 2, 74, 40, 48, 77, 54, 88, 7, 5, 88]);
  });

  it('gives whole numbers through doubles', () => {
    const random = referenceRandom('Wolf');
    const numbers = Array.from({ length: 20 }, () => random.nextBelow(10) + 1);
    expect(numbers).toEqual([6, 5, 8, 4, 10, 5, 7, 10, 4, 9, 10, 9, 7, 7, 1, 1, 2, 9, 9, 2]);
  });

  it('makes the reference message', () => {
    expect(toHex(referenceMessage(10))).toBe('916ec65cf77cadf55cd7');
    expect(crc32(referenceMessage(256))).toBe(23_570_951);
    expect(crc32(referenceMessage(1024))).toBe(0x2f19f3bb);
  });
});

describe('the alias sampler', () => {
  it('draws as the reference does', () => {
    const sampler = new AliasSampler([1, 2, 4, 8]);
    const random = referenceRandom('Wolf');
    const samples = Array.from({ length: 500 }, () => sampler.next(random));
    expect(samples.slice(0, 20)).toEqual([3, 3, 3, 3, 3, 3, 3, 0, 2, 3, 3, 3, 3, 1, 2, 2, 1, 3, 3, 2]);
    expect([0, 1, 2, 3].map((value) => samples.filter((sample) => sample === value).length)).toEqual([
      28, 68, 130, 274,
    ]);
  });

  it('chooses degrees as the reference does', () => {
    const sampler = new AliasSampler(Array.from({ length: 11 }, (_, i) => 1 / (i + 1)));
    const degrees = Array.from({ length: 20 }, (_, i) => sampler.next(referenceRandom(`Wolf-${i + 1}`)) + 1);
    expect(degrees).toEqual([11, 3, 6, 5, 2, 1, 2, 11, 1, 3, 9, 10, 10, 4, 2, 1, 1, 2, 1, 1]);
  });
});

describe('the fragment chooser', () => {
  it('mixes the fragments that the reference mixes', () => {
    const chooser = new FragmentChooser(11, crc32(referenceMessage(1024)));
    const chosen = Array.from({ length: 30 }, (_, i) => chooser.choose(i + 1).sort((a, b) => a - b));
    expect(chosen).toEqual([
      ...[[0], [1], [2], [3], [4], [5], [6], [7], [8], [9], [10], [9]],
      ...[[2, 5, 6, 8, 9, 10], [8], [1, 5], [1], [0, 2, 4, 5, 8, 10], [5], [2], [2]],
      ...[
        [0, 1, 3, 4, 5, 7, 9, 10],
        [0, 1, 2, 3, 5, 6, 8, 9, 10],
        [0, 2, 4, 5, 7, 8, 9, 10],
      ],
      ...[[3, 5], [4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0, 1, 3, 4, 5, 6, 7, 9, 10], [6], [5, 6], [7]],
    ]);
  });
});

describe('the encoder', () => {
  it.each([
    [12_345, 1955, 1764, 7],
    [12_345, 30_000, 12_345, 1],
    [1024, 100, 94, 11],
    [256, 30, 29, 9],
    [101, 100, 51, 2],
    [100, 100, 100, 1],
    [99, 100, 99, 1],
    [1, 1, 1, 1],
  ])('cuts %i bytes, at most %i a piece, into pieces of %i', (length, max, expected, total) => {
    const encoder = new FountainEncoder(referenceMessage(length), max);
    expect(encoder.part(1).data.length).toBe(expected);
    expect(encoder.total).toBe(total);
  });

  it('makes the reference parts, pure and mixed', () => {
    const encoder = new FountainEncoder(referenceMessage(256), 30);
    const parts = [1, 9, 10, 12, 20].map((number) => toHex(encodePart(encoder.part(number))));
    expect(parts).toEqual([
      '8501091901001a0167aa07581d916ec65cf77cadf55cd7f9cda1a1030026ddd42e905b77adc36e4f2d3c',
      '8509091901001a0167aa07581d951e65305b56a3706e3e86eb01c803bbf915d80edcd64d4d0000000000',
      '850a091901001a0167aa07581d330f0f33a05eead4f331df229871bee733b50de71afd2e5a79f196de09',
      '850c091901001a0167aa07581ddd7bf725ea6c16d531b5f03254783803048ca08b87148daacd1cd7a006',
      '8514091901001a0167aa07581de055c2433562184fa71b4be94f262e200f01c6f74c284b0dc6fae6673f',
    ]);
  });

  it('writes the reference texts', () => {
    expect(encodeUr(referenceUr(50)).toLowerCase()).toBe(
      'ur:bytes/hdeymejtswhhylkepmykhhtsytsnoyoyaxaedsuttydmmhhpktpmsrjtgwdpfnsboxgwlbaawzuefywkdplrsrjynbvygabwjldapfcsdwkbrkch',
    );
    const encoder = new FountainEncoder(referenceUr(256).payload, 30);
    const texts = [1, 9, 12, 20].map((number) => encodeUrPart('bytes', encoder.part(number)).toLowerCase());
    expect(texts).toEqual([
      'ur:bytes/1-9/lpadascfadaxcywenbpljkhdcahkadaemejtswhhylkepmykhhtsytsnoyoyaxaedsuttydmmhhpktpmsrjtdkgslpgh',
      'ur:bytes/9-9/lpasascfadaxcywenbpljkhdcajskecpmdckihdyhphfotjojtfmlnwmadspaxrkytbztpbauotbgtgtaeaevtgavtny',
      'ur:bytes/12-9/lpbnascfadaxcywenbpljkhdcarllaluzmdmgstospeyiefmwejlwtpedamktksrvlcygmzemovovllarodtmtbnptrs',
      'ur:bytes/20-9/lpbbascfadaxcywenbpljkhdcayapmrleeleaxpasfrtrdkncffwjyjzgyetdmlewtkpktgllepfrltataztksmhkbot',
    ]);
  });
});

describe('the decoder', () => {
  /** Feeds parts until the message is there, and answers how many that took. */
  function partsUntilDone(decoder: FountainDecoder, parts: Iterable<Part>): number {
    let taken = 0;
    for (const part of parts) {
      taken++;
      decoder.add(part);
      if (decoder.message) return taken;
    }
    throw new Error('the parts ran out');
  }

  const from = function* (encoder: FountainEncoder, first: number): Generator<Part> {
    for (let number = first; number < first + 5000; number++) yield encoder.part(number);
  };

  it('puts 33 fragments together though it joined at part 101, as the reference does', () => {
    const message = referenceMessage(32_767);
    const encoder = new FountainEncoder(message, 1000);
    const decoder = new FountainDecoder(encoder.part(101));
    partsUntilDone(decoder, from(encoder, 101));
    expect(decoder.message).toEqual(message);
  });

  it('needs hardly more parts than there are fragments, when it joins late', () => {
    const message = referenceMessage(7_500);
    const encoder = new FountainEncoder(message, 100);
    const taken = [80, 200, 333, 1000, 4444].map((first) =>
      partsUntilDone(new FountainDecoder(encoder.part(first)), from(encoder, first)),
    );
    expect(encoder.total).toBe(75);
    expect(Math.max(...taken)).toBeLessThanOrEqual(90);
  });

  it('says what is new, and counts only that', () => {
    const encoder = new FountainEncoder(referenceMessage(100), 20);
    const decoder = new FountainDecoder(encoder.part(1));
    expect([1, 1, 2, 2].map((number) => decoder.add(encoder.part(number)))).toEqual([true, false, true, false]);
    expect(decoder.received).toBe(2);
  });

  it('refuses a part that contradicts the others, and goes on', () => {
    const message = referenceMessage(100);
    const encoder = new FountainEncoder(message, 20);
    const decoder = new FountainDecoder(encoder.part(1));
    decoder.add(encoder.part(1));
    const forged = { ...encoder.part(1), data: new Uint8Array(20).fill(7) };
    expect(() => decoder.add(forged)).toThrow('BYTES_CHECKSUM');
    for (let number = 2; number <= 5; number++) decoder.add(encoder.part(number));
    expect(decoder.message).toEqual(message);
  });

  it('recovers from a forged part that it could not tell', () => {
    const message = referenceMessage(100);
    const encoder = new FountainEncoder(message, 20);
    const decoder = new FountainDecoder(encoder.part(1));
    decoder.add({ ...encoder.part(1), data: new Uint8Array(20).fill(7) });
    for (let number = 2; number < 5; number++) decoder.add(encoder.part(number));
    expect(() => decoder.add(encoder.part(5))).toThrow('BYTES_CHECKSUM');
    expect(decoder.received).toBe(0);
    partsUntilDone(decoder, from(encoder, 6));
    expect(decoder.message).toEqual(message);
  });

  it('refuses padding that is not zero', () => {
    const encoder = new FountainEncoder(referenceMessage(99), 20);
    const decoder = new FountainDecoder(encoder.part(1));
    for (let number = 1; number < 5; number++) decoder.add(encoder.part(number));
    const last = encoder.part(5);
    last.data[19] = 1;
    expect(() => decoder.add(last)).toThrow('BYTES_CHECKSUM');
  });
});
