import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256, subtle } from '../../shared/crypto/subtle.ts';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';
import { DATABASE_NAME, type Database, openDatabase } from '../storage/database.ts';
import { importBoxKey } from './box.ts';
import { type KdfSettings, newKdfSettings, requireKdfSettings } from './kdf-settings.ts';
import { deriveKey } from './kdf.ts';
import { type LockRecord, VaultLock } from './lock.ts';
import { bytesOf, type Passkeys } from './passkey.ts';
import { generateWords } from './strength.ts';

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

  it.each([0, 1, 31, 33, 64])('takes no passkey whose answer has %i bytes', async (size) => {
    const lock = newLock();
    await lock.create('several plain words');
    const short = { ...passkeysOf(new Uint8Array(32)), ask: () => Promise.resolve(new Uint8Array(size)) };
    expect(await refusal(lock.addPasskey('several plain words', short))).toBe('VAULT_PASSKEY_NONE');
    expect(await lock.hasPasskey()).toBe(false);
    await lock.addPasskey('several plain words', passkeysOf(new Uint8Array(32)));
    expect(await refusal(newLock().unlockByPasskey(short))).toBe('VAULT_PASSKEY_NONE');
  });

  it('takes of an answer its own bytes, and not those that lie around them', () => {
    const memory = new Uint8Array(96).fill(9).fill(5, 32, 64);
    expect(bytesOf(memory.subarray(32, 64))).toEqual(new Uint8Array(32).fill(5));
    expect(bytesOf(new DataView(memory.buffer, 32, 32))).toEqual(new Uint8Array(32).fill(5));
    expect(bytesOf(memory.buffer)).toHaveLength(96);
  });

  it('wraps the key again when it opens under settings of before, for the same passphrase', async () => {
    await newLock().create('several plain words');
    const record = (await database.get('vault', 'lock')) as LockRecord;
    const before = { name: 'argon2id', memoryKib: 47_104, passes: 1, salt: record.kdf.salt } as const;
    await database.put('vault', { ...record, kdf: before, lockAfterMinutes: 5 });
    await newLock().unlock('several plain words');
    const after = (await database.get('vault', 'lock')) as LockRecord;
    expect(after).toMatchObject({ kdf: { memoryKib: 65_536, passes: 3 }, lockAfterMinutes: 5 });
    expect(after.kdf.salt).not.toEqual(before.salt);
    expect(await refusal(newLock().unlock('several plain words'))).toBe('done');
    expect(((await database.get('vault', 'lock')) as LockRecord).kdf.salt, 'and only once').toEqual(after.kdf.salt);
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

  it.each([
    '1234567',
    '12345678',
    'password',
    'aaaaaaaa',
    '        ',
    'Passw0rd!Passw0rd!',
    'qwertyuiop123',
    '1988-11-03',
  ])('refuses the passphrase %j, and says why', async (passphrase) => {
    expect(await refusal(newLock().create(passphrase))).toBe('VAULT_WEAK');
    const lock = newLock();
    await lock.create('several plain words');
    expect(await refusal(lock.change('several plain words', passphrase))).toBe('VAULT_WEAK');
  });

  it('takes random words, as it suggests them', async () => {
    const words = generateWords();
    expect(words.split(' ')).toHaveLength(6);
    expect(generateWords()).not.toBe(words);
    expect(await refusal(newLock().create(words))).toBe('done');
    // Numbers of an incomplete last round are thrown away: the first words are no likelier than the last.
    const numbers = [[255, 255], ...Array.from({ length: 6 }, () => [0, 1])];
    const [first, ...others] = generateWords(() => Uint8Array.from(numbers.shift()!)).split(' ');
    expect({ others: new Set(others), left: numbers.length }).toEqual({ others: new Set([first]), left: 0 });
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
