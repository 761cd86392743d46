import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import { OwnerPinTask } from './owner-pin-task.svelte.ts';
import { ownerOfChain, type OwnerPin } from './owner-pin.ts';
import type { PlatformRecord } from './platform-record.ts';

let chains: readonly [Uint8Array, Uint8Array];
let owner: string;

async function simulatedChain(): Promise<Uint8Array> {
  const { pdh, chain } = (await SimulatedAmdSp.create()).pdhCertExport();
  return concat(pdh, chain);
}

beforeAll(async () => {
  chains = [await simulatedChain(), await simulatedChain()];
  owner = await ownerOfChain(chains[1]);
});

const platform = (id: string, chain: Uint8Array, pinned?: string): PlatformRecord => ({
  ...{ id, revision: 0, name: id, chain, metAt: 1, seenAt: 1, visits: [] },
  ...(pinned !== undefined && { owner: { keySha256: pinned, name: 'before', pinnedAt: 1 } }),
});

function taskFor(keySha256: string) {
  const pins: Record<string, OwnerPin | undefined> = {};
  const platforms = {
    expectOwner: ({ id }: PlatformRecord, pin: OwnerPin | undefined) => ((pins[id] = pin), Promise.resolve()),
  };
  return { pins, task: new OwnerPinTask(platforms, { kind: 'oca-pin', sha256: fromHex(keySha256), name: 'us' }) };
}

describe('an owner that was scanned', () => {
  it('is found among several platforms by their own chains, and changes nothing by itself', async () => {
    const { task, pins } = taskFor(owner);
    await task.look([platform('a', chains[0]), platform('b', chains[1]), platform('c', new Uint8Array(9))]);
    expect(task.error).toBeUndefined();
    expect(task.standings.map(({ platform: { id }, owns }) => [id, owns])).toEqual([
      ['b', true],
      ['a', false],
      ['c', undefined],
    ]);
    expect(pins).toEqual({});
    await task.expectOf(task.standings.slice(0, 1));
    expect(pins).toMatchObject({ b: { keySha256: owner, name: 'us' } });
    expect(task.told).toBe('us');
  });

  it('never takes the place of another one that is expected', async () => {
    const { task, pins } = taskFor(owner);
    await task.look([platform('a', chains[1], 'ab'.repeat(32)), platform('b', chains[1], owner)]);
    expect(task.standings.map(({ pin }) => pin)).toEqual(['other', 'this']);
    await task.expectOf(task.standings);
    expect(pins).toEqual({});
  });
});
