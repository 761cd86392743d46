// The lock of the vault: one random key that all keys at rest lie under, itself kept under a passphrase.
import { equalBytes } from '../../shared/bytes/equal.ts';
import { type CryptoKey, webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';
import { type Database, stored } from '../storage/database.ts';
import type { LastBackupRecord } from './backup/last-backup.ts';
import { type Box, importBoxKey, open, seal } from './box.ts';
import { calibrated, isOutdated, type KdfSettings, newKdfSettings, requireKdfSettings } from './kdf-settings.ts';
import { passkeyKey, type PasskeyRecord, type Passkeys } from './passkey.ts';
import { requireStrong } from './passphrase-rules.ts';
import { beginTry, type Clock, endTries, type TriesRecord } from './tries.ts';

declare module '../storage/database.ts' {
  interface Stores {
    /** Only web/vault reads and writes it. */
    vault: { key: string; value: VaultRecord };
  }
}

/** What is stored of the lock. Nothing in it opens anything without the passphrase. */
export interface LockRecord {
  readonly id: 'lock';
  readonly kdf: KdfSettings;
  /** The vault's key, under the key that the passphrase gives. */
  readonly box: Box;
  /** Idle minutes after which the vault locks itself. */
  readonly lockAfterMinutes: number;
}

/** What lies in the store of that name, each under its own id. */
export type VaultRecord = LockRecord | PasskeyRecord | TriesRecord | LastBackupRecord;

/** `none`: no passphrase was set on this device. */
export type LockState = 'none' | 'locked' | 'open';

/** From a passphrase to a key, wherever that second of work is done. @throws AbortError when it is given up */
export type Derive = (passphrase: string, settings: KdfSettings, signal?: AbortSignal) => Promise<CryptoKey>;

const LOCK_AFTER_MINUTES = 15;
const PURPOSE = 'sev-verifier vault key';
const PASSKEY_PURPOSE = 'sev-verifier vault key, by passkey';

export class VaultLock {
  readonly #database: Database;
  readonly #derive: Derive;
  readonly #clock: Clock;
  /** Hears how long a passphrase has to wait, after many wrong ones. */
  onwait: (ms: number) => void = () => undefined;
  #key: CryptoKey | undefined;

  constructor(database: Database, derive: Derive, clock: Clock) {
    this.#database = database;
    this.#derive = derive;
    this.#clock = clock;
  }

  async state(): Promise<LockState> {
    if (this.#key) return 'open';
    return (await this.#read()) ? 'locked' : 'none';
  }

  /** The vault's key while it is open; undefined where there is no lock. @throws SevError VAULT_LOCKED */
  async key(): Promise<CryptoKey | undefined> {
    if (this.#key) return this.#key;
    if (await this.#read()) throw new SevError('VAULT_LOCKED');
    return undefined;
  }

  /** Sets the first passphrase, and opens. @throws SevError VAULT_WEAK, VAULT_CONFLICT */
  async create(passphrase: string): Promise<void> {
    await requireStrong(passphrase);
    const raw = webCryptoRandom(32);
    try {
      const record = await this.#wrap(raw, passphrase, LOCK_AFTER_MINUTES);
      await this.#add(record);
      this.#key = await importBoxKey(raw);
    } finally {
      raw.fill(0);
    }
  }

  /**
   * Also wraps the key again where guessing would cost less than what is written today, or than this device can ask for.
   * @throws SevError VAULT_PASSPHRASE when it is wrong; nothing is lost
   */
  async unlock(passphrase: string): Promise<void> {
    const { raw, lock, tookMs } = await this.#unwrap(passphrase);
    try {
      this.#key = await importBoxKey(raw);
      await this.#strengthen(raw, passphrase, lock, tookMs);
    } finally {
      raw.fill(0);
    }
  }

  lock(): void {
    this.#key = undefined;
  }

  async hasPasskey(): Promise<boolean> {
    return (await this.#readPasskey()) !== undefined;
  }

  /**
   * Lets a passkey open the vault as well; one that was there before is replaced.
   * @throws SevError VAULT_PASSPHRASE, VAULT_PASSKEY_NONE, VAULT_PASSKEY_CANCELLED
   */
  async addPasskey(passphrase: string, passkeys: Passkeys): Promise<void> {
    const { raw } = await this.#unwrap(passphrase);
    try {
      const credentialId = await passkeys.make();
      const salt = webCryptoRandom(32);
      const box = await seal(await passkeyKey(passkeys, credentialId, salt), raw, PASSKEY_PURPOSE);
      const record: PasskeyRecord = { id: 'passkey', credentialId, salt, box, addedAt: this.#clock.now() };
      await stored(this.#database.put('vault', record));
    } finally {
      raw.fill(0);
    }
  }

  /** @throws SevError VAULT_PASSKEY, VAULT_PASSKEY_NONE, VAULT_PASSKEY_CANCELLED; nothing is lost */
  async unlockByPasskey(passkeys: Passkeys): Promise<void> {
    const record = await this.#readPasskey();
    if (!record) throw new SevError('VAULT_PASSKEY');
    const key = await passkeyKey(passkeys, record.credentialId, record.salt);
    const raw = await open(key, record.box, PASSKEY_PURPOSE, 'VAULT_PASSKEY');
    try {
      this.#key = await importBoxKey(raw);
    } finally {
      raw.fill(0);
    }
  }

  /** The passphrase stays. */
  removePasskey(): Promise<void> {
    return stored(this.#database.delete('vault', 'passkey'));
  }

  /** Everything at rest stays as it is: only the lock's own box is made anew. @throws SevError VAULT_PASSPHRASE, VAULT_WEAK */
  async change(passphrase: string, next: string): Promise<void> {
    await requireStrong(next);
    const { raw } = await this.#unwrap(passphrase);
    try {
      const { lockAfterMinutes } = await this.#present();
      await stored(this.#database.put('vault', await this.#wrap(raw, next, lockAfterMinutes)));
    } finally {
      raw.fill(0);
    }
  }

  async lockAfterMinutes(): Promise<number> {
    const minutes = (await this.#read())?.lockAfterMinutes ?? LOCK_AFTER_MINUTES;
    return Number.isFinite(minutes) ? Math.min(240, Math.max(1, minutes)) : LOCK_AFTER_MINUTES;
  }

  async lockAfter(minutes: number): Promise<void> {
    await stored(this.#database.put('vault', { ...(await this.#present()), lockAfterMinutes: minutes }));
  }

  /** What another tab has changed since stays; and where it fails, the old box opens as before. */
  async #strengthen(raw: Uint8Array, passphrase: string, lock: LockRecord, tookMs: number): Promise<void> {
    const passes = calibrated('vault', lock.kdf, tookMs);
    if (!isOutdated(lock.kdf) && passes < 2 * lock.kdf.passes) return;
    const next = await this.#wrap(raw, passphrase, lock.lockAfterMinutes, passes);
    const transaction = this.#database.transaction('vault', 'readwrite');
    const present = await transaction.store.get('lock');
    if (present?.id === 'lock' && equalBytes(present.box.data, lock.box.data)) {
      await transaction.store.put({ ...next, lockAfterMinutes: present.lockAfterMinutes });
    }
    await transaction.done;
  }

  async #wrap(raw: Uint8Array, passphrase: string, lockAfterMinutes: number, passes?: number): Promise<LockRecord> {
    const kdf = newKdfSettings('vault', passes);
    const box = await seal(await this.#derive(passphrase, kdf), raw, PURPOSE);
    return { id: 'lock', kdf, box, lockAfterMinutes };
  }

  async #unwrap(
    passphrase: string,
  ): Promise<{ readonly raw: Uint8Array; readonly lock: LockRecord; readonly tookMs: number }> {
    const lock = await this.#present();
    const { kdf, box } = lock;
    requireKdfSettings(kdf);
    await beginTry(this.#database, this.#clock, (ms) => this.onwait(ms));
    const begun = this.#clock.now();
    const key = await this.#derive(passphrase, kdf);
    const tookMs = this.#clock.now() - begun;
    const raw = await open(key, box, PURPOSE, 'VAULT_PASSPHRASE');
    await endTries(this.#database);
    return { raw, lock, tookMs };
  }

  async #present(): Promise<LockRecord> {
    const record = await this.#read();
    if (!record) throw new SevError('VAULT_RECORD', { at: 'lock' });
    return record;
  }

  async #read(): Promise<LockRecord | undefined> {
    const record = await stored(this.#database.get('vault', 'lock'));
    return record?.id === 'lock' ? record : undefined;
  }

  async #readPasskey(): Promise<PasskeyRecord | undefined> {
    const record = await stored(this.#database.get('vault', 'passkey'));
    return record?.id === 'passkey' ? record : undefined;
  }

  /** Another tab may have set a passphrase in the meantime; its key must not be lost. */
  async #add(record: LockRecord): Promise<void> {
    if (await this.#read()) throw new SevError('VAULT_CONFLICT');
    await stored(this.#database.add('vault', record));
  }
}
