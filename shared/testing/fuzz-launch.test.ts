import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../bytes/writer.ts';
import { SevError } from '../errors.ts';
import { LAUNCH_FUZZ_TARGETS } from './fuzz-launch.ts';

/** A seed with some bytes changed, and cut or joined somewhere. */
const mutated = (seeds: readonly Uint8Array[]) =>
  fc
    .record({
      seed: fc.constantFrom(...seeds),
      changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
      start: fc.oneof(fc.constant(0), fc.nat(40)),
      end: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
      tail: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 40 })),
    })
    .map(({ seed, changes, start, end, tail }) => {
      const bytes = seed.slice();
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return concat(bytes.slice(start, Math.ceil(end * bytes.length)), tail);
    });

describe.each(LAUNCH_FUZZ_TARGETS)('Any bytes given as $name', ({ run, seeds }) => {
  it('are read where they are what they should be', () => {
    for (const seed of seeds) expect(() => run(seed)).not.toThrow();
  });

  it('are read, or refused with one of our errors, and stay as they are', () => {
    fc.assert(
      fc.property(fc.oneof(mutated(seeds), fc.uint8Array({ maxLength: 200 })), (bytes) => {
        const before = bytes.slice();
        try {
          run(bytes);
        } catch (error) {
          if (!(error instanceof SevError)) throw error;
        }
        expect(bytes).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });
});
