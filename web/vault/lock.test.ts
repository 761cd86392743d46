import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { subtle } from '../../shared/crypto/subtle.ts';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';
import { DATABASE_NAME, type Database, openDatabase } from '../storage/database.ts';
import { importBoxKey } from './box.ts';
import { type KdfSettings, newKdfSettings, requireKdfSettings } from './kdf-settings.ts';
import { deriveKey } from './kdf.ts';
import { VaultLock } from './lock.ts';

/** Quick in place of memory-hard; the real one has a test of its own. */
const quick = async (passphrase: string, { salt }: KdfSettings) => {
  const both = new Uint8Array([...toUtf8(passphrase), ...salt]);
  return importBoxKey(new Uint8Array(await subtle.digest('SHA-256', both)));
};

let database: Database;
let waited: number[];
const newLock = (): VaultLock =>
  new VaultLock(database, quick, (ms) => {
    waited.push(ms);
    return Promise.resolve();
  });

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof SevError ? error.code : error),
  );

beforeEach(async () => {
  indexedDB.deleteDatabase(DATABASE_NAME);
  database = await openDatabase();
  waited = [];
});

describe('the lock of the vault', () => {
  it('is absent until a passphrase is set, then opens with it in another tab', async () => {
    const lock = newLock();
    expect(await lock.state()).toBe('none');
    expect(await lock.key()).toBeUndefined();
    await lock.create('several plain words');
    expect(await lock.state()).toBe('open');
    const later = newLock();
    expect(await later.state()).toBe('locked');
    expect(await refusal(later.key())).toBe('VAULT_LOCKED');
    await later.unlock('several plain words');
    expect((await later.key())?.extractable).toBe(false);
  });

  it('refuses a wrong passphrase, loses nothing by it, and makes further ones wait', async () => {
    await newLock().create('several plain words');
    const lock = newLock();
    for (let i = 0; i < 6; i++) expect(await refusal(lock.unlock(`wrong ${i}`))).toBe('VAULT_PASSPHRASE');
    expect(waited).toEqual([1000, 2000, 4000]);
    expect(await refusal(lock.unlock('several plain words'))).toBe('done');
  });

  it('takes another passphrase, and no longer the old one', async () => {
    const lock = newLock();
    await lock.create('several plain words');
    expect(await refusal(lock.change('wrong words', 'other plain words'))).toBe('VAULT_PASSPHRASE');
    await lock.change('several plain words', 'other plain words');
    expect(await refusal(newLock().unlock('several plain words'))).toBe('VAULT_PASSPHRASE');
    expect(await refusal(newLock().unlock('other plain words'))).toBe('done');
  });

  it('does not write over a passphrase that another tab has set', async () => {
    await newLock().create('several plain words');
    expect(await refusal(newLock().create('another tab was late'))).toBe('VAULT_CONFLICT');
  });

  it('refuses a short passphrase', async () => {
    expect(await refusal(newLock().create('1234567'))).toBe('VAULT_WEAK');
  });

  it.each([
    ['cheap guessing', { memoryKib: 1024 }],
    ['an endless wait', { memoryKib: 2 ** 31 }],
    ['no pass', { passes: 0 }],
    ['another algorithm', { name: 'pbkdf2' }],
    ['a short salt', { salt: new Uint8Array(4) }],
  ])('refuses stored settings of %s', (_title, change) => {
    const settings = { ...newKdfSettings(), ...change } as KdfSettings;
    expect(() => requireKdfSettings(settings)).toThrowError(expect.objectContaining({ code: 'VAULT_RECORD' }) as Error);
  });

  it('derives the same key from the same words, however they are composed', async () => {
    const settings = { ...newKdfSettings(), memoryKib: 19_456 };
    const [a, b] = [
      await deriveKey('caf\u00e9 caf\u00e9', settings),
      await deriveKey('cafe\u0301 cafe\u0301', settings),
    ];
    const iv = new Uint8Array(12);
    const seal = async (key: typeof a) => new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv }, key, iv));
    expect(await seal(a)).toEqual(await seal(b));
  });
});
