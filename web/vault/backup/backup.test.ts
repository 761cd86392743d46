import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { toUtf8 } from '../../../shared/bytes/text.ts';
import { sha256, subtle } from '../../../shared/crypto/subtle.ts';
import { SevError } from '../../../shared/errors.ts';
import { LUKS_PASSPHRASE_GUID } from '../../../shared/guest/known-secrets.ts';
import { sessionId } from '../../../shared/sev/session/launch-session.ts';
import { SimulatedAmdSp } from '../../../shared/simulator/amd-sp.ts';
import type { Judged } from '../../launches/record/judged.ts';
import type { LaunchRecord } from '../../launches/record/launch-record.ts';
import { summaryOf } from '../../launches/record/launch-summary.ts';
import { FIRST_CPU } from '../../launches/sev/plan/plan.ts';
import { afterEvent } from '../../ownership/ownership-record.ts';
import { openOwnerships } from '../../ownership/ownerships.ts';
import { type Database, openDatabase } from '../../storage/database.ts';
import { importBoxKey } from '../box.ts';
import { boxKeys } from '../key-record.ts';
import { bind, canSeal, enter, keepPacket, type LedgerEntry } from '../ledger.ts';
import { type Derive, VaultLock } from '../lock.ts';
import { openOwnerKeys } from '../owner-keys.ts';
import { openSecrets } from '../secrets.ts';
import { type Backup, openBackups } from './backup.ts';
import { encodeContents, parseContents } from './contents.ts';
import { mergeEntry } from './merge.ts';

const WORDS = 'words of the backup itself';
const quick: Derive = async (passphrase, { salt }) =>
  importBoxKey(await sha256(new Uint8Array([...toUtf8(passphrase), ...salt])));

const noWait = { now: () => Date.now(), wait: () => Promise.resolve() };
interface Device {
  readonly database: Database;
  readonly lock: VaultLock;
  readonly backup: Backup;
}

/** A device of its own: its database, and its passphrase. */
async function device(passphrase: string): Promise<Device> {
  indexedDB = new IDBFactory();
  const database = await openDatabase();
  const lock = new VaultLock(database, quick, noWait);
  await lock.create(passphrase);
  return { database, lock, backup: openBackups(database, lock, quick) };
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof SevError ? error.code : error),
  );

const pages = { boot: { name: 'vmsa0.bin', page: new Uint8Array(4096).fill(8) } };

const launchOf = (n: number, state: LaunchRecord['state']): LaunchRecord => {
  const blob = new Uint8Array(128).fill(n);
  const certificate = new Uint8Array(2084).fill(1);
  const id = sessionId(blob);
  return {
    id: `launch-${n}`,
    revision: 3,
    name: `Launch ${n}`,
    createdAt: 1,
    updatedAt: 2,
    state,
    platformId: 'ab',
    platformName: 'host',
    chain: new Uint8Array(9000).fill(5),
    plan: { policy: 0x0b, acceptsKeySharing: false, cpu: { ...FIRST_CPU, pages } },
    session: {
      id,
      origin: 'made-here',
      pdh: certificate,
      policy: 0x0b,
      acceptsKeySharing: false,
      godh: certificate,
      blob,
    },
    reports: [
      { mnonce: new Uint8Array(16).fill(n), askedAt: 3, report: new Uint8Array(208), receivedAt: 4 },
      { mnonce: new Uint8Array(16), askedAt: 5, refused: { report: new Uint8Array(208).fill(1), receivedAt: 6 } },
    ],
    history: [
      { at: 1, event: 'begun', detail: 'host' },
      { at: 3, event: 'report-asked' },
    ],
  };
};

/** A launch with its session in a ledger of its own. */
async function addLaunch({ database, lock }: Device, launch: LaunchRecord): Promise<string> {
  const { id } = launch.session!;
  await enter(database, await boxKeys((await lock.key())!, new Uint8Array(32).fill(9), launch.session!), 1);
  await database.put('launches', launch);
  return id;
}

const judged: Judged = {
  at: 3,
  kind: 'release',
  simulated: true,
  root: 'SIMULATED',
  reported: { measurement: new Uint8Array(48).fill(7), apiMajor: 1, apiMinor: 55, build: 22, policy: 0x0b },
  expected: {
    launchDigest: 'ab'.repeat(32),
    guestImage: { name: 'g.fd', size: 9, sha256: 'cd'.repeat(32), midstate: new Uint8Array(50), resetEip: 4 },
    kernel: { kernel: { name: 'k', size: 1, sha256: 'ef'.repeat(32) }, cmdline: 'quiet' },
    cpus: { ...FIRST_CPU, pages },
    floor: { apiMajor: 1, apiMinor: 51, build: 3 },
  },
  findings: [
    { code: 'MEASURE_MATCH', severity: 'ok', sentence: 'It is the one.', next: 'Go on.', expected: '1', actual: '1' },
  ],
};

const measurement = new Uint8Array(48).fill(4);
const packet = { header: new Uint8Array(52), payload: new Uint8Array(64) };
const everything = async ({ database }: Device) => {
  const names = [
    'keys',
    'ledger',
    'secrets',
    'ownerKeys',
    'launches',
    'launchIndex',
    'platforms',
    'references',
    'ownerships',
  ] as const;
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await database.getAll(name)] as const)));
};

let laptop: Device;
beforeEach(async () => {
  laptop = await device('words of the laptop');
});

describe('a backup', () => {
  it('brings keys, secrets, owner keys, launches, platforms and references to another device, under its own passphrase', async () => {
    const session = await addLaunch(laptop, launchOf(1, 'running'));
    const secret = { name: 'disk', guid: LUKS_PASSPHRASE_GUID, endsWithNul: true, text: 'correct horse' };
    const { id } = await openSecrets(laptop.database, laptop.lock).keep(secret);
    const owner = await openOwnerKeys(laptop.database, laptop.lock).make('Our machines');
    await laptop.database.put('references', {
      id: `kernel:${'ab'.repeat(32)}`,
      role: 'kernel',
      name: 'k',
      size: 1,
      sha256: 'ab'.repeat(32),
      addedAt: 1,
    });
    await laptop.database.put('platforms', {
      id: 'ab',
      revision: 0,
      name: 'host',
      chain: new Uint8Array(9000),
      metAt: 1,
      seenAt: 2,
      visits: [],
      owner: { keySha256: 'cd'.repeat(32), name: 'us', pinnedAt: 1 },
    });
    const { file, launches } = await laptop.backup.make(WORDS);
    expect(launches).toBe(1);

    const phone = await device('words of the phone');
    expect(await phone.backup.restore(file, WORDS)).toMatchObject({
      launches: 1,
      platforms: 1,
      references: 1,
      secrets: 1,
      ownerKeys: 1,
      closed: 0,
    });
    expect(await openSecrets(phone.database, phone.lock).show(id)).toBe('correct horse');
    expect((await openOwnerKeys(phone.database, phone.lock).export(owner.id)).length).toBeGreaterThan(100);
    expect((await phone.database.get('platforms', 'ab'))?.owner?.name).toBe('us');
    expect(Object.keys((await phone.database.get('keys', session))!)).toContain('box');
    expect((await phone.database.getAll('launchIndex')).map(({ id }) => id)).toEqual(['launch-1']);
  });

  it('brings a verdict along, whole', async () => {
    const launch: LaunchRecord = { ...launchOf(1, 'abandoned'), judged };
    await addLaunch(laptop, launch);
    const { file } = await laptop.backup.make(WORDS);
    const phone = await device('words of the phone');
    await phone.backup.restore(file, WORDS);
    expect((await phone.database.get('launches', launch.id))?.judged).toEqual(judged);
  });

  it('is remembered with its time, and with whether anything is new since, whatever the clock says', async () => {
    const launch = launchOf(1, 'running');
    await addLaunch(laptop, launch);
    await laptop.database.put('launchIndex', summaryOf(launch));
    expect(await laptop.backup.last()).toBeUndefined();
    await laptop.backup.make(WORDS);
    expect(await laptop.backup.last()).toEqual({ madeAt: expect.any(Number) as number, changedSince: false });
    await laptop.database.put('launchIndex', summaryOf({ ...launch, revision: launch.revision + 1, updatedAt: 0 }));
    expect((await laptop.backup.last())?.changedSince).toBe(true);
    await laptop.database.put('launchIndex', summaryOf(launch));
    expect((await laptop.backup.last())?.changedSince).toBe(false);
    const secrets = openSecrets(laptop.database, laptop.lock);
    await secrets.keep({ name: 'disk', guid: LUKS_PASSPHRASE_GUID, endsWithNul: true, text: 'correct horse' });
    expect((await laptop.backup.last())?.changedSince).toBe(true);
  });

  it('brings what is on its way into ownership, further on wherever it is further', async () => {
    const csr = (await SimulatedAmdSp.create()).pekCsr();
    const { id } = await openOwnerships(laptop.database).take(csr, 'ws://host');
    const asked = { state: 'import-asked', importAskedAt: 5 } as const;
    await openOwnerships(laptop.database).change(id, (record) => afterEvent(record, 'import-asked', asked));
    const { file } = await laptop.backup.make(WORDS);

    const phone = await device('words of the phone');
    await openOwnerships(phone.database).take(csr);
    await phone.backup.restore(file, WORDS);
    const brought = await openOwnerships(phone.database).find(id);
    expect(brought).toMatchObject({ state: 'import-asked', relayUrl: 'ws://host', importAskedAt: 5, revision: 1 });
    await openOwnerships(phone.database).change(id, (record) => afterEvent(record, 'owned', { state: 'owned' }));
    await phone.backup.restore(file, WORDS);
    expect(await openOwnerships(phone.database).find(id)).toMatchObject({ state: 'owned', revision: 2 });
  });

  it('never frees a session that was unused when it was made: elsewhere it seals nothing, and its launch is closed', async () => {
    const id = await addLaunch(laptop, launchOf(1, 'verified'));
    const { file } = await laptop.backup.make(WORDS);
    const phone = await device('words of the phone');
    expect((await phone.backup.restore(file, WORDS)).closed).toBe(1);
    expect(await refusal(bind(phone.database, id, measurement, 5))).toBe('VAULT_ELSEWHERE');
    expect((await phone.database.get('launches', 'launch-1'))?.state).toBe('abandoned');
    expect(await refusal(bind(laptop.database, id, measurement, 5))).toBe('done');
  });

  it('leaves a session usable on the device that made it, and takes nothing back that happened since', async () => {
    const unused = await addLaunch(laptop, launchOf(1, 'verified'));
    const used = await addLaunch(laptop, launchOf(2, 'verified'));
    const { file } = await laptop.backup.make(WORDS);
    await bind(laptop.database, used, measurement, 5);
    await keepPacket(laptop.database, used, packet);
    await laptop.database.put('launches', { ...launchOf(2, 'released'), revision: 4 });
    expect(await laptop.backup.restore(file, WORDS)).toMatchObject({ launches: 0, closed: 0 });
    expect((await laptop.database.get('ledger', used))?.packet).toEqual(packet);
    expect((await laptop.database.get('launches', 'launch-2'))?.state).toBe('released');
    expect(await refusal(bind(laptop.database, unused, measurement, 5))).toBe('done');
  });

  it('lets a sealed packet be sent again, the same bytes, on the other device', async () => {
    const id = await addLaunch(laptop, launchOf(1, 'verified'));
    await bind(laptop.database, id, measurement, 5);
    await keepPacket(laptop.database, id, packet);
    const { file } = await laptop.backup.make(WORDS);
    const phone = await device('words of the phone');
    expect((await phone.backup.restore(file, WORDS)).closed).toBe(0);
    expect(await bind(phone.database, id, measurement, 6)).toEqual(packet);
    expect(await refusal(bind(phone.database, id, new Uint8Array(48), 6))).toBe('MEASURE_SESSION_USED');
  });

  it('stops a device whose storage was set back: what the backup knows more makes the session unusable there', async () => {
    const id = await addLaunch(laptop, launchOf(1, 'verified'));
    const earlier = await laptop.database.getAll('ledger');
    await bind(laptop.database, id, measurement, 5);
    const { file } = await laptop.backup.make(WORDS);
    for (const entry of earlier) await laptop.database.put('ledger', entry);
    await laptop.backup.restore(file, WORDS);
    expect(await refusal(bind(laptop.database, id, measurement, 6))).toBe('VAULT_ELSEWHERE');
  });

  it('changes nothing with a wrong passphrase, a damaged, cut, foreign, newer or too large file', async () => {
    await addLaunch(laptop, launchOf(1, 'running'));
    const { file } = await laptop.backup.make(WORDS);
    const phone = await device('words of the phone');
    const before = await everything(phone);
    const changed = (at: number): Uint8Array => file.with(at, file[at]! ^ 1);
    const newer = file.with(8, 2);
    expect(await refusal(phone.backup.restore(file, 'other words of the backup'))).toBe('VAULT_PASSPHRASE');
    expect(await refusal(phone.backup.restore(changed(0x80), WORDS))).toBe('VAULT_BACKUP');
    expect(await refusal(phone.backup.restore(file.slice(0, -1), WORDS))).toBe('VAULT_BACKUP');
    expect(await refusal(phone.backup.restore(toUtf8('something else'), WORDS))).toBe('VAULT_BACKUP');
    expect(await refusal(phone.backup.restore(newer, WORDS))).toBe('VAULT_BACKUP_VERSION');
    expect(await everything(phone)).toEqual(before);
  });

  it('is refused wherever a bit is changed, even by somebody who mends its checksum', async () => {
    const { file } = await laptop.backup.make(WORDS);
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 33), fc.nat(7), async (at, bit) => {
        const changed = file.with(at, file[at]! ^ (1 << bit));
        changed.set(new Uint8Array(await subtle.digest('SHA-256', changed.subarray(0, -32))), changed.length - 32);
        const told = await refusal(laptop.backup.restore(changed, WORDS));
        expect(['VAULT_BACKUP', 'VAULT_BACKUP_VERSION', 'VAULT_PASSPHRASE']).toContain(told);
      }),
      { numRuns: 60 },
    );
  });

  it('is restored whole or not at all, wherever the storage fails', async () => {
    await addLaunch(laptop, launchOf(1, 'verified'));
    await addLaunch(laptop, launchOf(2, 'running'));
    await openOwnerKeys(laptop.database, laptop.lock).make('Our machines');
    const { file } = await laptop.backup.make(WORDS);
    const phone = await device('words of the phone');
    const before = await everything(phone);
    let writes = 0;
    for (let failing = 1; ; failing++) {
      writes = 0;
      type Write = (this: IDBObjectStore, value: unknown) => IDBRequest;
      const methodOf = (name: string) => Reflect.get(IDBObjectStore.prototype, name) as Write;
      const real = { put: methodOf('put'), add: methodOf('add') };
      const failsAt = (method: 'put' | 'add') =>
        function (this: IDBObjectStore, value: unknown) {
          if (++writes === failing) throw new DOMException('no room', 'QuotaExceededError');
          return real[method].call(this, value);
        };
      Object.assign(IDBObjectStore.prototype, { put: failsAt('put'), add: failsAt('add') });
      const told = await refusal(phone.backup.restore(file, WORDS));
      Object.assign(IDBObjectStore.prototype, real);
      if (told === 'done') break;
      expect(told).toBe('VAULT_STORAGE');
      expect(await everything(phone)).toEqual(before);
    }
    expect(writes).toBeGreaterThan(6);
  });

  it('asks for more than a short passphrase, and for an open vault', async () => {
    expect(await refusal(laptop.backup.make('11 letters!'))).toBe('VAULT_WEAK');
    const { file } = await laptop.backup.make(WORDS);
    laptop.lock.lock();
    expect(await refusal(laptop.backup.make(WORDS))).toBe('VAULT_LOCKED');
    expect(await refusal(laptop.backup.restore(file, WORDS))).toBe('VAULT_LOCKED');
  });
});

describe('the contents of a backup', () => {
  const empty = {
    madeAt: 1,
    keys: [],
    ledger: [],
    secrets: [],
    ownerKeys: [],
    launches: [],
    platforms: [],
    references: [],
  };

  it('come back as they were, each byte string kept once', async () => {
    const launches = [launchOf(1, 'running'), launchOf(2, 'mismatch')];
    const bytes = encodeContents({ ...empty, launches });
    expect(await parseContents(bytes)).toEqual({ ...empty, launches });
    expect(bytes.length).toBeLessThan(9000 + 2 * 2084 + pages.boot.page.length + 4096);
  });

  it.each([
    ['a stray member', { ...launchOf(1, 'running'), extra: 1 }],
    ['a state that is none', { ...launchOf(1, 'running'), state: 'trusted' }],
    [
      'a session of another id',
      { ...launchOf(1, 'running'), session: launchOf(2, 'running').session, id: 'x', name: 4 },
    ],
    [
      'another blob than its session',
      { ...launchOf(1, 'running'), session: { ...launchOf(1, 'running').session, blob: new Uint8Array(128) } },
    ],
  ])('are refused with %s', async (_title, launch) => {
    const bytes = encodeContents({ ...empty, launches: [launch as LaunchRecord] });
    expect(await refusal(parseContents(bytes))).toBe('VAULT_BACKUP');
  });

  it('are refused when a record is there twice', async () => {
    const launches = [launchOf(1, 'running'), launchOf(1, 'running')];
    expect(await refusal(parseContents(encodeContents({ ...empty, launches })))).toBe('VAULT_BACKUP');
  });

  it('end as a refusal in our words, whatever the bytes are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await refusal(parseContents(bytes))).toBe('VAULT_BACKUP');
      }),
    );
  });
});

describe('merging two ledgers', () => {
  const entries: fc.Arbitrary<LedgerEntry> = fc
    .record({
      used: fc.constantFrom('unused', 'bound', 'sealed'),
      which: fc.constantFrom(1, 2),
      retired: fc.boolean(),
      elsewhere: fc.boolean(),
    })
    .map(({ used, which, retired, elsewhere }) => ({
      sessionId: 'a'.repeat(32),
      createdAt: 1,
      ...(used !== 'unused' && { measurement: new Uint8Array(48).fill(which), boundAt: 2 }),
      ...(used === 'sealed' && { packet }),
      ...(retired && { retiredAt: 3 }),
      ...(elsewhere && { elsewhereAt: 3 }),
    }));

  it('seals only what both ledgers let seal, and what is here was never used less than there', () => {
    fc.assert(
      fc.property(entries, entries, (local, incoming) => {
        const merged = mergeEntry(local, incoming, 9);
        if (!canSeal(merged)) return;
        expect(canSeal(local)).toBe(true);
        expect(canSeal(incoming)).toBe(true);
        if (incoming.measurement) expect(local.measurement).toEqual(incoming.measurement);
      }),
    );
  });

  it('keeps every fact that either knows', () => {
    fc.assert(
      fc.property(entries, entries, (local, incoming) => {
        const merged = mergeEntry(local, incoming, 9);
        for (const fact of ['measurement', 'retiredAt', 'elsewhereAt'] as const)
          if (local[fact] !== undefined) expect(merged[fact]).toEqual(local[fact]);
        const twice = local.measurement && incoming.measurement && local.measurement[0] !== incoming.measurement[0];
        if (twice) {
          expect(merged.retiredAt).toBeDefined();
          return;
        }
        for (const fact of ['measurement', 'packet', 'retiredAt', 'elsewhereAt'] as const)
          if (incoming[fact] !== undefined) expect(merged[fact]).toBeDefined();
      }),
    );
  });

  it('lets nothing be sealed under a session that only the backup knows', () => {
    fc.assert(
      fc.property(entries, (incoming) => {
        expect(canSeal(mergeEntry(undefined, incoming, 9))).toBe(false);
      }),
    );
  });

  it('changes nothing when it is done once more', () => {
    fc.assert(
      fc.property(entries, entries, (local, incoming) => {
        const once = mergeEntry(local, incoming, 9);
        expect(mergeEntry(once, incoming, 10)).toEqual(once);
      }),
    );
  });
});
