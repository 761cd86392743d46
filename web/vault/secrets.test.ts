import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8, toUtf8 } from '../../shared/bytes/text.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';
import { LUKS_PASSPHRASE_GUID } from '../../shared/guest/known-secrets.ts';
import { MAX_SINGLE_SECRET } from '../../shared/guest/secret-table.ts';
import { DATABASE_NAME, type Database, openDatabase } from '../storage/database.ts';
import { importBoxKey } from './box.ts';
import { VaultLock } from './lock.ts';
import { openSecrets, secretEntry, type Secrets } from './secrets.ts';

const noWait = { now: () => Date.now(), wait: () => Promise.resolve() };
let database: Database;
let lock: VaultLock;
let secrets: Secrets;

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof SevError ? error.code : error),
  );
const disk = { name: ' Mail server ', guid: LUKS_PASSPHRASE_GUID.toUpperCase(), endsWithNul: true, text: 'gräßlich' };

beforeEach(async () => {
  indexedDB.deleteDatabase(DATABASE_NAME);
  database = await openDatabase();
  const derive = async (passphrase: string) => importBoxKey(await sha256(toUtf8(passphrase)));
  lock = new VaultLock(database, derive, noWait);
  secrets = openSecrets(database, lock);
  await lock.create('several plain words');
});

describe('stored disk secrets', () => {
  it('are named to anybody, and shown only to who asks while the vault is open', async () => {
    const { id } = await secrets.keep(disk);
    const facts = { id, name: 'Mail server', guid: LUKS_PASSPHRASE_GUID, endsWithNul: true };
    expect(await secrets.list()).toEqual([expect.objectContaining(facts)]);
    expect(Object.keys((await secrets.list())[0]!)).not.toContain('box');
    expect(await secrets.show(id)).toBe('gräßlich');
    lock.lock();
    expect(await refusal(secrets.show(id))).toBe('VAULT_LOCKED');
    expect(await refusal(secrets.keep(disk))).toBe('VAULT_LOCKED');
  });

  it('go into a launch with the NUL that GRUB wants, or without', async () => {
    const key = (await lock.key())!;
    const [a, b] = [await secrets.keep(disk), await secrets.keep({ ...disk, endsWithNul: false })];
    expect(fromUtf8((await secretEntry(database, key, a.id)).data)).toBe('gräßlich\0');
    expect(fromUtf8((await secretEntry(database, key, b.id)).data)).toBe('gräßlich');
  });

  it('are refused when empty, too long, for what is no GUID, or before there is a passphrase', async () => {
    expect(await refusal(secrets.keep({ ...disk, text: '' }))).toBe('MEASURE_SECRET_SIZE');
    expect(await refusal(secrets.keep({ ...disk, text: 'x'.repeat(MAX_SINGLE_SECRET) }))).toBe('MEASURE_SECRET_SIZE');
    expect(await refusal(secrets.keep({ ...disk, text: 'x'.repeat(MAX_SINGLE_SECRET - 1) }))).toBe('done');
    expect(await refusal(secrets.keep({ ...disk, guid: 'none' }))).toBe('BYTES_ENCODING');
    await database.clear('vault');
    lock.lock();
    expect(await refusal(secrets.keep(disk))).toBe('VAULT_NONE');
  });

  it('open under their own id only, and are gone when forgotten', async () => {
    const [a, b] = [await secrets.keep(disk), await secrets.keep(disk)];
    const record = (await database.get('secrets', a.id))!;
    await database.put('secrets', { ...record, id: b.id });
    expect(await refusal(secrets.show(b.id))).toBe('VAULT_RECORD');
    await secrets.forget(b.id);
    expect((await secrets.list()).map(({ id }) => id)).toEqual([a.id]);
  });
});
