import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SevError } from '../errors.ts';
import { toUtf8 } from '../bytes/text.ts';
import { zipOf } from '../testing/zip-writer.ts';
import { readZip } from './zip.ts';

const codeOf = async (bytes: Uint8Array): Promise<string> => {
  try {
    await readZip(bytes);
  } catch (error) {
    if (error instanceof SevError) return error.code;
    throw error;
  }
  return 'accepted';
};
const changed = (bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array => {
  const copy = bytes.slice();
  copy.set(values, offset < 0 ? bytes.length + offset : offset);
  return copy;
};
const hello = { 'a.txt': toUtf8('hello hello hello hello'), 'b/': new Uint8Array(), 'b/c.txt': toUtf8('there') };

describe('A zip', () => {
  it.each([{}, { deflate: true }, { comment: 'of someone' }])('gives back what was put in: %j', async (options) => {
    const files = await readZip(await zipOf(hello, options));
    expect(files.map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)])).toEqual([
      ['a.txt', 'hello hello hello hello'],
      ['b/c.txt', 'there'],
    ]);
  });

  it('may be empty', async () => {
    expect(await readZip(await zipOf({}))).toEqual([]);
  });

  it('holds at most 64 files of a mebibyte', async () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, toUtf8('x')]));
    expect(await codeOf(await zipOf(many(64)))).toBe('accepted');
    expect(await codeOf(await zipOf(many(65)))).toBe('BYTES_TOO_LARGE');
    expect(await codeOf(await zipOf({ big: new Uint8Array(1024 * 1024) }, { deflate: true }))).toBe('accepted');
    expect(await codeOf(await zipOf({ big: new Uint8Array(1024 * 1024 + 1) }, { deflate: true }))).toBe(
      'BYTES_TOO_LARGE',
    );
    const five = Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`${i}`, new Uint8Array(1024 * 1024)]));
    expect(await codeOf(await zipOf(five, { deflate: true }))).toBe('BYTES_TOO_LARGE');
  });

  it('is refused when it inflates to more than it says', async () => {
    const bomb = await zipOf({ a: new Uint8Array(500_000) }, { deflate: true });
    const directory = bomb.length - 22 - 47;
    // The size in the central directory: 1,000 bytes.
    expect(await codeOf(changed(bomb, directory + 24, 0xe8, 3, 0, 0))).toBe('BYTES_TOO_LARGE');
  });

  it('is refused when any byte is missing', async () => {
    const zip = await zipOf(hello, { deflate: true });
    for (let length = 4; length < zip.length; length++)
      expect(await codeOf(zip.subarray(0, length))).not.toBe('accepted');
  });

  it.each([
    ['an encrypted file', (zip: Uint8Array, at: number) => changed(zip, at + 8, 1), 'BYTES_VALUE'],
    ['an unknown method', (zip: Uint8Array, at: number) => changed(changed(zip, at + 10, 12), 8, 12), 'BYTES_VALUE'],
    [
      'a method that its header does not name',
      (zip: Uint8Array, at: number) => changed(zip, at + 10, 8),
      'BYTES_VALUE',
    ],
    ['another checksum', (zip: Uint8Array, at: number) => changed(zip, at + 16, 0), 'BYTES_CHECKSUM'],
    ['another name', (zip: Uint8Array, at: number) => changed(zip, at + 46, 0x7a), 'BYTES_VALUE'],
    ['several disks', (zip: Uint8Array) => changed(zip, -18, 1), 'BYTES_VALUE'],
    ['a directory elsewhere', (zip: Uint8Array) => changed(zip, -6, 0), 'BYTES_VALUE'],
    ['a changed content', (zip: Uint8Array) => changed(zip, 31, 0x7a), 'BYTES_CHECKSUM'],
  ])('is refused with %s', async (_name, spoil, code) => {
    const zip = await zipOf({ a: toUtf8('hello') });
    expect(await codeOf(spoil(zip, zip.length - 22 - 47))).toBe(code);
  });

  it('is refused when two files overlap or share a name', async () => {
    const zip = await zipOf({ a: toUtf8('hello'), b: toUtf8('hello') });
    const second = zip.length - 22 - 47;
    // Both entries now name the first file's header.
    const shared = changed(changed(zip, second + 42, 0, 0, 0, 0), second + 46, 0x61);
    expect(await codeOf(shared)).toBe('BYTES_VALUE');
    expect(await codeOf(changed(zip, second + 42, 0, 0, 0, 0))).toBe('BYTES_VALUE');
  });

  it('never does anything but answer or refuse', async () => {
    const zip = await zipOf(hello, { deflate: true });
    const offsets = fc.integer({ min: 0, max: zip.length - 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(offsets, fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        async (changes) => {
          const bytes = changes.reduce((copy, [offset, value]) => changed(copy, offset, value), zip);
          expect(await codeOf(bytes)).toMatch(/^(accepted|BYTES_)/);
        },
      ),
      { numRuns: 300 },
    );
  });
});
