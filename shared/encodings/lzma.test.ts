import { describe, expect, it } from 'vitest';
import { fromBase64, toUtf8 } from '../bytes/text.ts';
import { lzmaForTests } from '../testing/lzma-literals.ts';
import { decodeLzma } from './lzma.ts';

/** `xz --format=lzma`: matches, repeats of all four kinds, short repeats and an end mark, which it always writes. */
const PLAIN = toUtf8(
  `${'kernel initrd cmdline '.repeat(40)}${Array.from({ length: 300 }, (_, i) => `${i * 7919}:${i % 13} `).join('')}`,
);
const PACKED = fromBase64(
  [
    'XQAAAAT//////////wA1mUqrouKvH884ux93t8+c3TquYeDySDyHemDeQy8zevqbgA9ihFeTShG7R3xhIxfT7Edevizd+ttTXodcMsp6ECXA77JW',
    'eH4nrAiB2Lt6zURgTbEUxC66QaZOZCuYADssgnq3Wkj+vjeIAcG788Y8SW36iDHRRDfRJiX34FFkWZFvIn7ToEwRIbcW2+3CmX2UT2GEIkZ3D6qp',
    'eMMP5lUq5o+8VbFyZOeM4Cjbp5DnHp38xNvDDYXHEsvmP6yXKcHAhnHFarYLMQ4MF1HmVvJc/1A9lfsvq2AFpJuzt0MthV5pG1RxFzbq3yrK3rWF',
    'znTZMrBOKgwufsTgTlvNjqDEUPk4fEGO/uwcQ9MrQ62dk4rqjk0COXMCkXlKKFnMoQKQR/3GcavyoRnCersVmVanAYumDASuKyIAEFSusVdFNz2/',
    'yk8Td0Ssd+58sWQSEZJYhIVkMVkwC70agns0y9+5/Avt4f8mrSWQa76Suz+7ARsP/uC7rBpGkCAqLqf4NNecRIo1fxjpVvhVWQZ83BQWDB5j6Yix',
    '07RP2SBNa6VgVYWsmFjQb+BpMA76/zIdFfmYTQSTWEpyq4DypldwiESFQ0UBLcKPuBEFfYaQsZ9xFkZSkUVO4+MinKfHMLWExUe7OtWi3+74JUiW',
    'xWEcMEV0jz/V8H6sjLtoOoGLSMFBL+Q83y8VLv1fqAkzfAP9xdG3PBxNNG/f754MoLEzFpPmLyqq2Al5K1wk4PZcZKVqujbd+CCt9BXvbwf/fYl/',
    'bqMRu5f9AqBCQb8nzQYHjYUY/JiiuN2XYx/P0mKnFm0RZPdhQukFExQE1vkDmH9XtpgjmC03Aj+utjbD+zDE7fIOh61WXu/nSJy/RCL3ROtyRDbv',
    'GVWRsctOjaFNQ4rl5ed9Z9CPMk00poiAh/WgdOVr6qoWIejmElPucku1r7S2U5RnXomPR3opwuKsDxZS9xVLQKpkketwKT9/AjQ4sqRtw03noZK6',
    'cYupCT/Tc23BS3IwhVfdGCAfBNDVQdTPRFI8o6pgdRlO1Akzqni3GoC+za9wYUYlKRFdJxDoOFAATMB5gMiunOKaPKrbBFFRvdyCcXvS53vC5HEP',
    'YNWToakmMgoHMV9KNuP5ewCtj+HdlhYYiWMjplZ8JQFj3slhQaQZ0Q3rbStv8wlTiLO4qUw4z7/raehayQHhBTfq90a1gbq1bweGdRDTKcx3KlOM',
    'Df+l4hK0XmO+XSE/47AvbcyCR2929q7TB5Vd3Xv3jodU5gbgZGn0I9jw83DV9GX2M1oNcosmcJmuQF8qkjnTvbr6sYlDXJ8pXOBKH4V7v0sW88CH',
    'abBgAR8PhLqOMwxeOANShFLd+qJm+vAWzDHzd/gxdYjdPTQHbiWzYp9sr7a4DqunL289TEI73jMcsiq5WE6o5p+P8WKMN15UNADSqevoH5Uz+kZG',
    'y8db5+rmHQoeLzW2s8/eh/quxursTvyB9J0+8TO2mXNOy6Xj4EXdXdLuhJDDnlJd8EiGJLu8uMqTkDOpLvYUKRYKDYkhIVNQmUp+C5slf8nKfwAU',
    'HF+VHd1FNpb3av7UuQc=',
  ].join(''),
);

describe('LZMA', () => {
  it('is read as xz writes it', () => {
    expect(decodeLzma(PACKED, 1 << 20)).toEqual(PLAIN);
  });

  it.each([0, 1, 2, 255, 5000])('is read with its size in the header: %s bytes', (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) ^ (i >> 3));
    expect(decodeLzma(lzmaForTests(bytes), length)).toEqual(bytes);
  });

  it('is refused one byte above what is allowed, whether its size is said or not', () => {
    const bytes = new Uint8Array(100).fill(5);
    expect(() => decodeLzma(lzmaForTests(bytes), 99)).toThrow('BYTES_TOO_LARGE');
    expect(() => decodeLzma(PACKED, PLAIN.length - 1)).toThrow('BYTES_TOO_LARGE');
    expect(decodeLzma(PACKED, PLAIN.length)).toEqual(PLAIN);
  });

  it('is refused wherever it is cut', () => {
    for (let length = 0; length < PACKED.length - 6; length += 11)
      expect(() => decodeLzma(PACKED.subarray(0, length), 1 << 20)).toThrow('BYTES_VALUE');
  });

  it('ends with an answer or a SevError for any change of one byte', () => {
    for (let at = 0; at < PACKED.length; at += 3) {
      const changed = PACKED.slice();
      changed[at]! ^= 0x55;
      try {
        expect(decodeLzma(changed, 1 << 16).length).toBeLessThanOrEqual(1 << 16);
      } catch (error) {
        expect(error).toMatchObject({ name: 'SevError' });
      }
    }
  });
});
