import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../bytes/equal.ts';
import { concat } from '../bytes/writer.ts';
import { SevError } from '../errors.ts';
import { EVIDENCE_FUZZ_TARGETS } from './fuzz-evidence.ts';
import { LAUNCH_FUZZ_TARGETS } from './fuzz-launch.ts';
import { SNP_FUZZ_TARGETS } from './fuzz-snp.ts';
import { FUZZ_TARGETS } from './fuzz-targets.ts';

/** Zero, one, both signs of a byte's bounds, or anything. */
const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));

/** A seed with a few bytes changed, and perhaps cut at either end or added to. */
const mutated = (seeds: readonly Uint8Array[]) =>
  fc
    .record({
      seed: fc.constantFrom(...seeds),
      changes: fc.array(fc.tuple(fc.nat(), byte), { maxLength: 4 }),
      start: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(40)),
      cut: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(300)),
      tail: fc.oneof({ weight: 4, arbitrary: fc.constant(new Uint8Array()) }, fc.uint8Array({ maxLength: 40 })),
    })
    .map(({ seed, changes, start, cut, tail }) => {
      const bytes = seed.slice();
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return concat(bytes.slice(start, Math.max(0, bytes.length - cut)), tail);
    });

describe.each([...FUZZ_TARGETS, ...LAUNCH_FUZZ_TARGETS, ...EVIDENCE_FUZZ_TARGETS, ...SNP_FUZZ_TARGETS])(
  'Any bytes given as $name',
  ({ run, seeds }) => {
    it('are read where they are what they should be', async () => {
      for (const seed of seeds) await run(seed);
    });

    it('are read, or refused with one of our errors, and stay as they are', async () => {
      const attempt = async (bytes: Uint8Array): Promise<void> => {
        const before = bytes.slice();
        try {
          await run(bytes);
        } catch (error) {
          if (!(error instanceof SevError)) throw error;
        }
        expect(equalBytes(bytes, before)).toBe(true);
      };
      const input = fc.oneof({ weight: 4, arbitrary: mutated(seeds) }, fc.uint8Array({ maxLength: 300 }));
      await fc.assert(fc.asyncProperty(input, attempt), { numRuns: 150 });
    });
  },
);
