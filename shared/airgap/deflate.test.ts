import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../bytes/crc32.ts';
import { referenceMessage } from '../testing/reference-message.ts';
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts';
import { compress, decompress } from './deflate.ts';

const zeros = (length: number): Uint8Array => new Uint8Array(length);
const partsOf = (framed: Uint8Array): readonly [number, number, Uint8Array] =>
  decodeCbor(framed) as unknown as readonly [number, number, Uint8Array];

describe('the compressed frame', () => {
  it('gives back what went in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 5000 }), async (message) => {
        expect(await decompress(await compress(message))).toEqual(message);
      }),
      { numRuns: 50 },
    );
  });

  it('is a list of CRC-32, size and data', async () => {
    const [checksum, size, body] = partsOf(await compress(zeros(4000)));
    expect([checksum, size]).toEqual([crc32(zeros(4000)), 4000]);
    expect(body.length).toBeLessThan(40);
  });

  it('leaves alone what deflating would lengthen', async () => {
    const noise = referenceMessage(500);
    expect(partsOf(await compress(noise))[2]).toEqual(noise);
  });

  it('reads another deflater than ours', async () => {
    // The five bytes 0 to 4, stored: a block that is final, its length and the length's complement.
    const stored = Uint8Array.of(1, 5, 0, 250, 255, 0, 1, 2, 3, 4);
    const message = Uint8Array.of(0, 1, 2, 3, 4);
    expect(await decompress(encodeCbor([crc32(message), 5, stored]))).toEqual(message);
  });

  it.each([
    ['has no streams', undefined],
    [
      'knows no raw streams',
      class {
        constructor() {
          throw new TypeError('deflate-raw');
        }
      },
    ],
  ])('is written plainly where the platform %s, and cannot be inflated there', async (_, Stream) => {
    const deflated = await compress(zeros(300));
    const web = globalThis as { CompressionStream?: unknown; DecompressionStream?: unknown };
    const { CompressionStream, DecompressionStream } = web;
    try {
      web.CompressionStream = Stream;
      web.DecompressionStream = Stream;
      const plain = await compress(zeros(300));
      expect(partsOf(plain)[2]).toEqual(zeros(300));
      expect(await decompress(plain)).toEqual(zeros(300));
      await expect(decompress(deflated)).rejects.toThrow('cannot inflate');
    } finally {
      Object.assign(web, { CompressionStream, DecompressionStream });
    }
  });

  const framed = async (change: (parts: readonly [number, number, Uint8Array]) => CborValue): Promise<Uint8Array> =>
    encodeCbor(change(partsOf(await compress(zeros(4000)))));

  it.each<[string, Parameters<typeof framed>[0], string]>([
    ['a wrong checksum', ([checksum, size, body]) => [checksum ^ 1, size, body], 'BYTES_CHECKSUM'],
    ['a size that is too small', ([checksum, size, body]) => [checksum, size - 1, body], 'BYTES_TOO_LARGE'],
    ['a size that is too large', ([checksum, size, body]) => [checksum, size + 1, body], 'BYTES_CHECKSUM'],
    ['a huge size', ([checksum, , body]) => [checksum, 2 ** 40, body], 'BYTES_TOO_LARGE'],
    ['no size', ([checksum, , body]) => [checksum, 0, body], 'BYTES_VALUE'],
    ['a cut stream', ([checksum, size, body]) => [checksum, size, body.slice(0, -2)], 'BYTES_ENCODING'],
    ['a broken stream', ([checksum, size]) => [checksum, size, Uint8Array.of(7, 7, 7)], 'BYTES_ENCODING'],
    ['a fourth member', ([checksum, size, body]) => [checksum, size, body, zeros(32)], 'BYTES_VALUE'],
    ['a text for the data', ([checksum, size]) => [checksum, size, 'zeros'], 'BYTES_VALUE'],
    ['a number for the whole', () => 7, 'BYTES_VALUE'],
  ])('refuses %s', async (_, change, code) => {
    await expect(decompress(await framed(change))).rejects.toThrow(code);
  });

  it('bursts a bomb after its first slices', async () => {
    const deflate = new Blob([new Uint8Array(60_000_000)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const bomb = new Uint8Array(await new Response(deflate).arrayBuffer());
    expect(bomb.length).toBeLessThan(64 * 1024);
    const before = performance.now();
    await expect(decompress(encodeCbor([0, 65_536, bomb]))).rejects.toThrow('BYTES_TOO_LARGE');
    // Inflating all of it would take some tenths of a second.
    expect(performance.now() - before).toBeLessThan(100);
  });
});
