import { describe, expect, it } from 'vitest';
import { reversed } from './equal.ts';
import { ByteReader } from './reader.ts';

/** As Node's Buffer does it: a Uint8Array whose slice() shares its memory. */
class SharingBytes extends Uint8Array<ArrayBuffer> {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end);
  }
}

describe('Bytes that share their memory', () => {
  it('are copied when they are taken', () => {
    const source = new SharingBytes(Uint8Array.of(1, 2, 3).buffer);
    const taken = new ByteReader(source).take(2, 'field');
    taken.reverse();
    expect([...source]).toEqual([1, 2, 3]);
  });

  it('are not turned round in place', () => {
    const source = new SharingBytes(Uint8Array.of(1, 2, 3).buffer);
    expect([...reversed(source)]).toEqual([3, 2, 1]);
    expect([...source]).toEqual([1, 2, 3]);
  });
});
