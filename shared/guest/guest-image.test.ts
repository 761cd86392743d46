import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { SevError } from '../errors.ts';
import { area, entry, FILES, HASHES, image, le, RESET, SECRET, VARIABLES, volume } from '../testing/guest-images.ts';
import { advertisingImage, amdSevImage } from '../testing/firmware-images.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../testing/vectors.ts';
import { IMAGE_HEAD_SIZE, IMAGE_TAIL_SIZE, parseGuestImage, parseGuestImageEnds } from './guest-image.ts';

describe("A guest image's table", () => {
  it('says what the image can do', () => {
    const parsed = parseGuestImage(
      image([area(HASHES, 0x810c00, 0x400), area(SECRET, 0x810000, 0xc00), entry(RESET, le(0x80b004))]),
    );
    expect(parsed.resetEip).toBe(0x80b004);
    expect(parsed.hashArea).toEqual({ base: 0x810c00, size: 0x400 });
    expect(parsed.secretArea).toEqual({ base: 0x810000, size: 0xc00 });
    expect(parsed.kind).toBe('code');
    expect(parsed.code).toEqual({ kernelHashes: 'unreadable', secrets: 'unreadable' });
    expect(parsed.entries.map(({ guid }) => guid)).toEqual([RESET, SECRET, HASHES]);
  });

  it('has no area where base or size is zero, or where the hashes would not fit', () => {
    for (const [base, size] of [
      [0, 0],
      [0, 0x400],
      [0x810c00, 0],
      [0x810c00, 175],
    ] as const) {
      expect(parseGuestImage(image([area(HASHES, base, size)])).hashArea).toBeUndefined();
    }
    expect(parseGuestImage(image([area(HASHES, 1, 176)])).hashArea).toEqual({ base: 1, size: 176 });
    expect(parseGuestImage(image([area(SECRET, 0x810000, 0)])).secretArea).toBeUndefined();
  });

  it('is read in the form from before there was a table', () => {
    const old = concat(new Uint8Array(500), entry(RESET, le(0x9b004)), new Uint8Array(32));
    expect(parseGuestImage(old)).toMatchObject({ resetEip: 0x9b004, entries: [{ guid: RESET }] });
  });

  it.each([
    ['a total beyond the image', image([], undefined, 0xffff)],
    ['a total that is too small', image([], undefined, 17)],
    ['an entry beyond the table', image([entry(RESET, le(1))], undefined, 18 + 20)],
    ['bytes that are left over', image([Uint8Array.of(1), entry(RESET, le(1))])],
    ['a reset block of another size', image([entry(RESET, le(1, 2))])],
    ['an area of another size', image([entry(HASHES, le(1))])],
    ['nothing at all', new Uint8Array()],
  ])('is refused with %s', (_, bytes) => {
    expect(() => parseGuestImage(bytes)).toThrow('MEASURE_IMAGE');
  });

  it('never fails in another way, whatever the bytes', () => {
    const whole = image([area(HASHES, 1, 200), entry(RESET, le(5))]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, length) => {
        const changed = whole.slice();
        changed[at] = value;
        for (const bytes of [changed, changed.slice(0, length), changed.slice(length)]) {
          try {
            parseGuestImage(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(SevError);
          }
        }
      }),
    );
  });

  it('is the same from the two ends of the image', () => {
    const whole = concat(image([entry(RESET, le(5))]), image([area(SECRET, 9, 64)]));
    const ends = { head: whole.slice(0, IMAGE_HEAD_SIZE), tail: whole.slice(-IMAGE_TAIL_SIZE), size: whole.length };
    // But for its code, which only the whole image shows.
    const { code: _, ...seen } = parseGuestImage(whole);
    expect(parseGuestImageEnds(ends)).toEqual(seen);
  });
});

describe('A guest image', () => {
  const reset = entry(RESET, le(5));
  it.each([
    ['code', image([reset], volume(FILES))],
    ['whole', image([reset], volume(VARIABLES))],
    ['vars', concat(volume(VARIABLES), new Uint8Array(500).fill(0xff))],
    ['whole', image([area(SECRET, 1, 64)], volume(VARIABLES))],
    ['amd-sev', amdSevImage()],
    ['code', advertisingImage()],
    ['unknown', new Uint8Array(500)],
    ['unknown', new Uint8Array(20)],
  ])('is recognised as %s', (kind, bytes) => {
    expect(parseGuestImage(bytes).kind).toBe(kind);
  });
});

interface Vectors {
  cases: {
    file: string;
    reset_eip: number;
    entries: Record<string, string>;
    hash_area: [number, number] | null;
    secret_area: [number, number] | null;
  }[];
}
describeWithVectors('The images of ovmf.json', () => {
  it.each(vectorJson<Vectors>('ovmf.json').cases)('$file says the same to us', (vector) => {
    const parsed = parseGuestImage(vectorBytes(vector.file));
    expect(parsed.resetEip).toBe(vector.reset_eip);
    expect(Object.fromEntries(parsed.entries.map(({ guid, data }) => [guid, toHex(data)]))).toEqual(vector.entries);
    const plain = (found: { base: number; size: number } | undefined) => (found ? [found.base, found.size] : null);
    expect(plain(parsed.hashArea)).toEqual(vector.hash_area);
    expect(plain(parsed.secretArea)).toEqual(vector.secret_area);
  });
});
