// Every fuzz target, for as many runs as FUZZ_RUNS says; some hundred when nobody says.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AIRGAP_TARGETS } from '../testing/fuzz-airgap.ts';

interface NodeProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  memoryUsage(): { readonly heapUsed: number; readonly arrayBuffers: number };
}
const { process } = globalThis as { process?: NodeProcess };
const runs = Number(process?.env['FUZZ_RUNS'] ?? 500);
const MAX_GROWTH = 64 * 1024 * 1024;

describe('hostile codes', () => {
  it.each(AIRGAP_TARGETS)(
    '$name',
    async ({ run }) => {
      const before = memory();
      const input = fc.uint8Array({ maxLength: 400 });
      await fc.assert(
        fc.asyncProperty(input, async (bytes) => void (await run(bytes))),
        { numRuns: runs },
      );
      expect(memory() - before).toBeLessThan(MAX_GROWTH);
    },
    // A run takes well under 2 ms: what hangs is found too.
    20_000 + 2 * runs,
  );
});

function memory(): number {
  const { heapUsed, arrayBuffers } = process?.memoryUsage() ?? { heapUsed: 0, arrayBuffers: 0 };
  return heapUsed + arrayBuffers;
}
