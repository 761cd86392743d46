import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, toUtf8 } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { encodeMidstate, parseMidstate } from './sha256-midstate.ts';
import { sha256Sync, Sha256Stream } from './sha256-stream.ts';
import { sha256 } from './subtle.ts';

const bytes = fc.uint8Array({ maxLength: 400 });

describe('SHA-256 in pieces', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('answers as FIPS 180-4 does for %j', (text, digest) => {
    expect(toHex(sha256Sync(toUtf8(text)))).toBe(digest);
  });

  it('agrees with WebCrypto at every length around a block', async () => {
    for (let length = 0; length < 200; length++) {
      const data = Uint8Array.from({ length }, (_, i) => i * 31 + length);
      expect(sha256Sync(data)).toEqual(await sha256(data));
    }
  });

  it('agrees with another implementation however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 8 }), (parts) => {
        expect(sha256Sync(...parts)).toEqual(nobleSha256(concat(...parts)));
      }),
    );
  });

  it('may be asked for a digest at any time, and then goes on', () => {
    const stream = new Sha256Stream().update(toUtf8('a'));
    expect(stream.digest()).toEqual(sha256Sync(toUtf8('a')));
    expect(stream.update(toUtf8('bc')).digest()).toEqual(sha256Sync(toUtf8('abc')));
    expect(stream.length).toBe(3);
  });
});

describe('A kept state', () => {
  it('goes on as if nothing had happened, as often as one likes', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, (before, after, other) => {
        const stored = encodeMidstate(new Sha256Stream().update(before).midstate());
        const midstate = parseMidstate(stored);
        expect(Sha256Stream.from(midstate).update(after).digest()).toEqual(sha256Sync(before, after));
        expect(Sha256Stream.from(midstate).update(other).digest()).toEqual(sha256Sync(before, other));
        expect(encodeMidstate(midstate)).toEqual(stored);
        expect(stored.length).toBe(41 + (before.length % 64));
      }),
    );
  });

  it('is refused when cut, lengthened, or of another version', () => {
    const stored = encodeMidstate(new Sha256Stream().update(new Uint8Array(100)).midstate());
    for (let length = 0; length < stored.length; length++) {
      expect(() => parseMidstate(stored.subarray(0, length))).toThrow('BYTES_LENGTH');
    }
    expect(() => parseMidstate(concat(stored, Uint8Array.of(0)))).toThrow('BYTES_LENGTH');
    expect(() => parseMidstate(Uint8Array.of(2, ...stored.subarray(1)))).toThrow('BYTES_VALUE');
    const huge = stored.slice();
    huge[8] = 0xff;
    expect(() => parseMidstate(huge)).toThrow('BYTES_VALUE');
  });
});
