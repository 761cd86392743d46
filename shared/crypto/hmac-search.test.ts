import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cryptoKeyOracle, MESSAGE_WORDS, newBatch, rawKeyOracle } from './hmac-search.ts';
import { importMacKey } from './mac.ts';
import { webCryptoRandom } from './subtle.ts';

const row = (message: Uint8Array) => {
  const view = new DataView(message.buffer, message.byteOffset);
  return Array.from({ length: message.length / 4 }, (_, i) => view.getInt32(4 * i));
};

function batchOf(messages: readonly Uint8Array[], wanted: Uint8Array) {
  const batch = newBatch(messages.length + 1, wanted);
  for (const message of messages) {
    batch.words.set(row(message), batch.count * MESSAGE_WORDS);
    batch.lengths[batch.count++] = message.length / 4;
  }
  return batch;
}

const oracles = [
  { name: 'raw bytes', make: (key: Uint8Array) => Promise.resolve(rawKeyOracle(key)) },
  { name: 'a CryptoKey', make: async (key: Uint8Array) => cryptoKeyOracle(await importMacKey(key)) },
];

describe.each(oracles)('An oracle on $name', ({ make }) => {
  const message = fc.constantFrom(52, 56).chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  const messages = fc.uniqueArray(message, { minLength: 1, maxLength: 5, selector: String });

  it('finds the message of a MAC among others, of either length', async () => {
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(key, messages, fc.nat(), async (raw, list, choice) => {
        const at = choice % list.length;
        const wanted = hmac(sha256, raw, list[at]!);
        const oracle = await make(raw);
        expect(await oracle.find(batchOf(list, wanted))).toBe(at);
      }),
    );
  });

  it('finds nothing where only a part of the MAC is right, the key differs, or the row is not counted', async () => {
    const [key, text] = [webCryptoRandom(16), webCryptoRandom(56)];
    const wanted = hmac(sha256, key, text);
    const oracle = await make(key);
    for (let bit = 0; bit < 256; bit++) {
      const near = wanted.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(await oracle.find(batchOf([text], near))).toBe(-1);
    }
    expect(await (await make(webCryptoRandom(16))).find(batchOf([text], wanted))).toBe(-1);
    expect(await oracle.find({ ...batchOf([text], wanted), count: 0 })).toBe(-1);
  });
});
