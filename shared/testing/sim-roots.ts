// The pinned roots of the test data's own simulated platform, as sim.json gives them.
import type { PinnedRoot } from '../trust/pinned-root.ts';
import { vectorJson } from './vectors.ts';

interface SimPins {
  chains: { pins: { kind: 'ark' | 'ask'; bits: 2048 | 4096; key_id: string; key_sha256: string }[] }[];
}

/** The made-up roots of the vectors, of 4,096 and of 2,048 bits. */
export function simRoots(): readonly PinnedRoot[] {
  return vectorJson<SimPins>('sim.json').chains.map(({ pins }) => {
    const [ark, ask] = (['ark', 'ask'] as const).map((kind) => pins.find((pin) => pin.kind === kind)!);
    return {
      generation: 'simulated',
      name: `test root of ${ark!.bits} bits`,
      simulated: true,
      modulusSizeBits: ark!.bits,
      keyId: ark!.key_id,
      keySha256: ark!.key_sha256,
      ask: { keyId: ask!.key_id, keySha256: ask!.key_sha256 },
    };
  });
}
