import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findLeaks } from './leaks.ts';

const secret = fc.uint8Array({ minLength: 16, maxLength: 16 });
const around = fc.uint8Array({ maxLength: 20 });

it.each<[string, (bytes: Buffer) => string | Buffer]>([
  ['raw', (bytes) => bytes],
  ['hex', (bytes) => bytes.toString('hex')],
  ['base64', (bytes) => bytes.toString('base64')],
  ['base64url', (bytes) => bytes.toString('base64url')],
  ['JSON', (bytes) => JSON.stringify([...bytes])],
])('a secret among other bytes is found as %s', (_, write) => {
  fc.assert(
    fc.property(secret, around, around, (key, before, after) => {
      const recorded = Buffer.from(write(Buffer.concat([before, key, after])));
      expect(findLeaks({ key }, { somewhere: recorded })).not.toEqual([]);
    }),
  );
});

it('nothing is found where nothing is', () => {
  fc.assert(
    fc.property(secret, fc.uint8Array({ maxLength: 500 }), (key, noise) => {
      fc.pre(!Buffer.from(noise).includes(Buffer.from(key)));
      expect(findLeaks({ key }, { noise })).toEqual([]);
    }),
  );
});
