import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256, subtle } from '../../shared/crypto/subtle.ts';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';
import { DATABASE_NAME, type Database, openDatabase } from '../storage/database.ts';
import { importBoxKey } from './box.ts';
import { type KdfSettings, newKdfSettings, requireKdfSettings } from './kdf-settings.ts';
import { deriveKey } from './kdf.ts';
import { VaultLock } from './lock.ts';
import type { Passkeys } from './passkey.ts';

/** Quick in place of memory-hard; the real one has a test of its own. */
const quick = async (passphrase: string, { salt }: KdfSettings) => {
  const both = new Uint8Array([...toUtf8(passphrase), ...salt]);
  return importBoxKey(new Uint8Array(await subtle.digest('SHA-256', both)));
};

let database: Database;
let waited: number[];
let now: number;
/** Each is a tab, or a page after a reload: they share nothing but the database. */
const newLock = (): VaultLock =>
  new VaultLock(database, quick, {
    now: () => now,
    wait: (ms) => {
      waited.push(ms);
      now += ms;
      return Promise.resolve();
    },
  });

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof SevError ? error.code : error),
  );

/** An authenticator with this secret. */
const passkeysOf = (secret: Uint8Array): Passkeys => ({
  make: () => Promise.resolve(new Uint8Array(16).fill(1)),
  ask: async (_id, salt) => sha256(new Uint8Array([...secret, ...salt])),
});

beforeEach(async () => {
  indexedDB.deleteDatabase(DATABASE_NAME);
  database = await openDatabase();
  waited = [];
  now = 1_000_000;
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
    for (let i = 0; i < 6; i++) expect(await refusal(newLock().unlock(`wrong ${i}`))).toBe('VAULT_PASSPHRASE');
    expect(waited).toEqual([1000, 2000, 4000]);
    expect(await refusal(newLock().unlock('several plain words'))).toBe('done');
    expect(waited).toEqual([1000, 2000, 4000, 8000]);
    await refusal(newLock().unlock('wrong again'));
    expect(waited.length).toBe(4);
  });

  it('counts a wrong passphrase before it is tried, so that a closed tab does not undo it', async () => {
    await newLock().create('several plain words');
    const never = new VaultLock(database, () => Promise.reject(new Error('the tab was closed')), {
      now: () => now,
      wait: () => Promise.resolve(),
    });
    for (let i = 0; i < 3; i++) await refusal(never.unlock('wrong'));
    await refusal(newLock().unlock('wrong'));
    expect(waited).toEqual([1000]);
  });

  it('lets two tabs have one try after a wait, not one each', async () => {
    await newLock().create('several plain words');
    for (let i = 0; i < 3; i++) await refusal(newLock().unlock('wrong'));
    await Promise.all([refusal(newLock().unlock('wrong')), refusal(newLock().unlock('wrong'))]);
    expect(waited.reduce((sum, ms) => sum + ms)).toBeGreaterThanOrEqual(3000);
  });

  it.each([
    ['back', -86_400_000],
    ['far back', -999_999],
  ])('waits no longer than it would have, when the clock is set %s', async (_title, change) => {
    await newLock().create('several plain words');
    for (let i = 0; i < 4; i++) await refusal(newLock().unlock('wrong'));
    waited = [];
    now += change;
    expect(await refusal(newLock().unlock('several plain words'))).toBe('done');
    expect(waited).toEqual([2000]);
  });

  it('opens by a passkey as well, which can be taken away again', async () => {
    const lock = newLock();
    await lock.create('several plain words');
    const passkeys = passkeysOf(new Uint8Array(32).fill(7));
    expect(await refusal(lock.addPasskey('wrong words', passkeys))).toBe('VAULT_PASSPHRASE');
    expect(await lock.hasPasskey()).toBe(false);
    await lock.addPasskey('several plain words', passkeys);
    const [later, thief] = [newLock(), newLock()];
    expect(await refusal(thief.unlockByPasskey(passkeysOf(new Uint8Array(32))))).toBe('VAULT_PASSKEY');
    await later.unlockByPasskey(passkeys);
    expect(await later.state()).toBe('open');
    await lock.change('several plain words', 'other plain words');
    expect(await refusal(newLock().unlockByPasskey(passkeys))).toBe('done');
    await lock.removePasskey();
    expect(await refusal(newLock().unlockByPasskey(passkeys))).toBe('VAULT_PASSKEY');
    expect(await refusal(newLock().unlock('other plain words'))).toBe('done');
  });

  it('keeps nothing of a passkey whose question was cancelled', async () => {
    const lock = newLock();
    await lock.create('several plain words');
    const cancelled = () => Promise.reject(new SevError('VAULT_PASSKEY_CANCELLED'));
    expect(await refusal(lock.addPasskey('several plain words', { make: cancelled, ask: cancelled }))).toBe(
      'VAULT_PASSKEY_CANCELLED',
    );
    expect(await lock.hasPasskey()).toBe(false);
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
