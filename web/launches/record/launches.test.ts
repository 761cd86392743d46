import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlatformRecord } from '../../platforms/platform-record.ts';
import { type Database, openDatabase } from '../../storage/database.ts';
import { after } from './launch-record.ts';
import { Launches } from './launches.svelte.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const platform: PlatformRecord = {
  ...{ id: 'ab', revision: 0, name: 'host', chain: new Uint8Array(8), metAt: 1, seenAt: 1, visits: [] },
};

describe('the order of launches, when the clock is put back', () => {
  let database: Database;
  let launches: Launches;
  const names = (of: Launches): readonly string[] => of.list.map(({ id }) => id);
  const afresh = async (): Promise<readonly string[]> => {
    const again = new Launches(database);
    await again.load();
    return names(again);
  };

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOON });
    indexedDB = new IDBFactory();
    database = await openDatabase();
    launches = new Launches(database);
  });
  afterEach(() => void vi.useRealTimers());

  it('stays the order in which they were changed, also after a reload', async () => {
    const first = await launches.begin(platform);
    vi.setSystemTime(NOON - 9 * HOUR);
    const second = await launches.begin(platform);
    expect(names(launches)).toEqual([second.id, first.id]);
    expect(await afresh()).toEqual([second.id, first.id]);

    vi.setSystemTime(NOON - 20 * HOUR);
    await launches.change(first.id, (record) => after(record, 'abandoned', { state: 'abandoned' }));
    expect(names(launches)).toEqual([first.id, second.id]);
    expect(await afresh()).toEqual([first.id, second.id]);
  });

  it('leaves times as the clock told them', async () => {
    await launches.begin(platform);
    vi.setSystemTime(NOON - 9 * HOUR);
    const { createdAt, updatedAt, history } = await launches.begin(platform);
    expect([createdAt, updatedAt, history[0]?.at]).toEqual(Array(3).fill(NOON - 9 * HOUR));
  });

  it('takes launches of an earlier version by their time', async () => {
    const { order: _, ...record } = await launches.begin(platform);
    await database.put('launches', { ...record, id: 'older', updatedAt: NOON - HOUR });
    expect(await afresh()).toEqual([record.id, 'older']);
  });
});

describe('the launch that asked for an attestation report', () => {
  it('is found by the nonce, without being opened, also after a reload', async () => {
    indexedDB = new IDBFactory();
    const database = await openDatabase();
    const launches = new Launches(database);
    await launches.begin(platform);
    const { id } = await launches.begin(platform);
    const mnonce = new Uint8Array(16).fill(7);
    const reports = [
      { mnonce: new Uint8Array(16), askedAt: 1 },
      { mnonce, askedAt: 2 },
    ];
    await launches.change(id, (record) => after(record, 'report-asked', { reports }));
    const again = new Launches(database);
    await again.load();
    for (const list of [launches, again]) {
      expect(list.findByNonce(mnonce)?.id).toBe(id);
      expect(list.findByNonce(new Uint8Array(16).fill(8))).toBeUndefined();
    }
  });
});
