// The file of a backup: what it is, how its key follows from a passphrase, and the encrypted contents.
//
//   0x00  8   "SEVVAULT"
//   0x08  4   version, 1
//   0x0c  4   Argon2id memory in KiB        all integers are little-endian
//   0x10  4   Argon2id passes
//   0x14  16  salt
//   0x24  28  check: iv (12) and tag (16) of nothing, sealed under the key; tells a wrong passphrase from a damaged file
//   0x40  12  iv of the contents
//   0x4c  …   contents, AES-256-GCM, tag behind
//   end   32  SHA-256 of all before it; it protects nothing, and tells of damage
//
// Check and contents are sealed together with everything that stands before them.
import { equalBytes } from '../../../shared/bytes/equal.ts';
import { ByteReader } from '../../../shared/bytes/reader.ts';
import { ascii, toHex } from '../../../shared/bytes/text.ts';
import { ByteWriter, concat } from '../../../shared/bytes/writer.ts';
import { type CryptoKey, sha256 } from '../../../shared/crypto/subtle.ts';
import { SevError } from '../../../shared/errors.ts';
import { open, seal } from '../box.ts';
import { type KdfSettings, newKdfSettings, requireKdfSettings } from '../kdf-settings.ts';
import type { Derive } from '../lock.ts';
import { MAX_BACKUP_SIZE } from './limits.ts';

const MAGIC = ascii('SEVVAULT');
const VERSION = 1;
const HEADER_SIZE = 0x24;
const CHECKED_SIZE = 0x40;
const MIN_SIZE = 0x4c + 16 + 32;

const checkPurpose = (header: Uint8Array): string => `sev-verifier backup check ${toHex(header)}`;
const contentsPurpose = (header: Uint8Array): string => `sev-verifier backup contents ${toHex(header)}`;

/** A backup's key, and the settings by which its passphrase leads to it. */
export interface BackupKey {
  readonly key: CryptoKey;
  readonly kdf: KdfSettings;
}

export async function newBackupKey(passphrase: string, derive: Derive): Promise<BackupKey> {
  const kdf = newKdfSettings('backup');
  return { key: await derive(passphrase, kdf), kdf };
}

/** @throws SevError VAULT_BACKUP when it becomes larger than what is read again */
export async function sealBackup({ key, kdf }: BackupKey, contents: Uint8Array): Promise<Uint8Array> {
  const header = new ByteWriter(HEADER_SIZE).bytes(MAGIC).u32(VERSION).u32(kdf.memoryKib).u32(kdf.passes);
  const settings = header.bytes(kdf.salt).finish();
  const check = await seal(key, new Uint8Array(), checkPurpose(settings));
  const checked = concat(settings, check.iv, check.data);
  const { iv, data } = await seal(key, contents, contentsPurpose(checked));
  const all = concat(checked, iv, data);
  if (all.length + 32 > MAX_BACKUP_SIZE) throw new SevError('VAULT_BACKUP', { because: 'There is too much to keep.' });
  return concat(all, await sha256(all));
}

/** How somebody waits for a backup to open. */
export interface Asked {
  /** Gives it up. */
  readonly signal?: AbortSignal;
  /** Hears the work that the file asks for, before it is done. */
  readonly oncost?: (kdf: KdfSettings) => void;
}

/**
 * Opens a backup.
 * @returns its key, for the boxes in it, and the contents
 * @throws SevError VAULT_BACKUP when it is none or damaged, VAULT_BACKUP_VERSION, VAULT_PASSPHRASE; AbortError
 */
export async function openBackup(
  file: Uint8Array,
  passphrase: string,
  derive: Derive,
  { signal, oncost }: Asked = {},
): Promise<{ readonly key: CryptoKey; readonly contents: Uint8Array }> {
  requireForm(file);
  const all = file.subarray(0, -32);
  if (!equalBytes(await sha256(all), file.subarray(-32))) throw damaged();
  const reader = new ByteReader(file.subarray(12, HEADER_SIZE), 'backup');
  const kdf: KdfSettings = {
    name: 'argon2id',
    memoryKib: reader.u32('memory'),
    passes: reader.u32('passes'),
    salt: reader.take(16, 'salt'),
  };
  try {
    requireKdfSettings(kdf);
  } catch (cause) {
    throw damaged(cause);
  }
  oncost?.(kdf);
  const key = await derive(passphrase, kdf, signal);
  const [settings, checked] = [file.slice(0, HEADER_SIZE), file.slice(0, CHECKED_SIZE)];
  const check = { iv: checked.slice(HEADER_SIZE, HEADER_SIZE + 12), data: checked.slice(HEADER_SIZE + 12) };
  await open(key, check, checkPurpose(settings), 'VAULT_PASSPHRASE');
  const box = { iv: all.slice(CHECKED_SIZE, CHECKED_SIZE + 12), data: all.slice(CHECKED_SIZE + 12) };
  return { key, contents: await open(key, box, contentsPurpose(checked), 'VAULT_BACKUP') };
}

function requireForm(file: Uint8Array): void {
  if (file.length > MAX_BACKUP_SIZE) throw new SevError('VAULT_BACKUP', { because: 'It is too large for one.' });
  if (!equalBytes(file.subarray(0, MAGIC.length), MAGIC))
    throw new SevError('VAULT_BACKUP', { sentence: 'This is no backup of this app.', next: 'Choose another file.' });
  if (file.length < MIN_SIZE) throw damaged();
  const version = new ByteReader(file.subarray(8, 12)).u32('version');
  if (version > VERSION) throw new SevError('VAULT_BACKUP_VERSION');
  if (version !== VERSION) throw damaged();
}

const damaged = (cause?: unknown): SevError =>
  new SevError('VAULT_BACKUP', {
    sentence: 'The backup is damaged: it is not whole, or was changed.',
    next: 'Take another copy of it. Nothing was changed on this device.',
    cause,
  });
