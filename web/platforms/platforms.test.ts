import 'fake-indexeddb/auto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { concat } from '../../shared/bytes/writer.ts';
import type { PlatformVisit } from '../../shared/sev/decide/continuity.ts';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import { openDatabase } from '../storage/database.ts';
import { Platforms } from './platforms.svelte.ts';

let chains: readonly Uint8Array[];
let platforms: Platforms;

beforeAll(async () => {
  const sps = [await SimulatedAmdSp.create(), await SimulatedAmdSp.create()];
  chains = sps.map((amdSp) => {
    const { pdh, chain } = amdSp.pdhCertExport();
    return concat(pdh, chain);
  });
});
beforeEach(async () => void (platforms = new Platforms(await openDatabase(crypto.randomUUID()))));

const visit = (chip: number, owner = 'o'): PlatformVisit => ({
  ...{ at: '2026-01-01T00:00:00.000Z', generation: 'simulated', simulated: true },
  ...{ cekId: `chip ${chip}`, ocaId: owner, pekId: 'p', pdhId: 'd' },
});
const weigh = (chip: number, relayUrl: string | undefined, owner?: string) =>
  platforms.weigh(chains[chip]!, visit(chip, owner), { name: `name ${chip}`, ...(relayUrl && { relayUrl }) });

describe('a visit to a platform', () => {
  it('replaces nothing where the platform is new here, or is as it was; and is stored only when it is kept', async () => {
    const first = await weigh(0, 'ws://a');
    expect(first.replaced).toEqual([]);
    expect(platforms.list).toEqual([]);
    await platforms.keep(first);
    expect((await weigh(0, 'ws://a')).replaced).toEqual([]);
    expect((await weigh(0, undefined)).replaced, 'certificates by file name no relay').toEqual([]);
  });

  it('names another relay, another chip and another owner, old beside new', async () => {
    await platforms.keep(await weigh(0, 'ws://a'));
    expect((await weigh(0, 'ws://b')).replaced).toEqual([{ kind: 'relay', before: 'ws://a', now: 'ws://b' }]);
    expect((await weigh(0, undefined, 'x')).replaced).toMatchObject([{ kind: 'owner' }]);
    const swapped = await weigh(1, 'ws://a');
    expect(swapped.replaced).toMatchObject([{ kind: 'chip' }]);
    expect(swapped.known?.name).toBe('name 0');
    expect((await weigh(0, 'ws://b', 'x')).replaced.map(({ kind }) => kind)).toEqual(['relay', 'owner']);
  });

  it('keeps the owner that is expected of a host when another chip answers there, and is accepted', async () => {
    const first = await platforms.keep(await weigh(0, 'ws://a'));
    await platforms.expectOwner(first, { keySha256: 'aa'.repeat(32), name: 'ACME', pinnedAt: 1 });
    const swapped = await platforms.keep(await weigh(1, 'ws://a'));
    expect(swapped.owner?.name).toBe('ACME');
  });

  it('asks again for as long as a change was not accepted, and no more once it was', async () => {
    await platforms.keep(await weigh(0, 'ws://a'));
    expect((await weigh(1, 'ws://a')).replaced).toHaveLength(1);
    const again = await weigh(1, 'ws://a');
    expect(again.replaced).toHaveLength(1);
    await platforms.keep(again);
    expect((await weigh(1, 'ws://a')).replaced).toEqual([]);
  });
});
