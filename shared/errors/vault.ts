// Codes for the keys and records that are kept on this device.
import type { ErrorWords } from './words.ts';

export const VAULT_ERRORS = {
  VAULT_LOCKED: {
    sentence: 'The vault is locked.',
    next: 'Unlock it with your passphrase.',
  },
  VAULT_PASSPHRASE: {
    sentence: 'The passphrase is not right.',
    next: 'Try again. Nothing is lost.',
  },
  VAULT_WEAK: {
    sentence: 'The passphrase is too easy to guess.',
    next: 'Use the suggested words, or several words that have nothing to do with each other.',
  },
  VAULT_NONE: {
    sentence: 'The keys on this device are not protected by a passphrase yet.',
    next: 'Set one first: a session for real hardware is made only then.',
  },
  VAULT_MISSING_KEY: {
    sentence: 'The keys of this session are not on this device.',
    next: 'Open the launch on the device that made the session, or restore its backup.',
  },
  VAULT_STORAGE: {
    sentence: 'The browser could not store the record.',
    next: 'Free some space, allow storage for this page, and try again.',
  },
  VAULT_CONFLICT: {
    sentence: 'Another tab has changed this record in the meantime.',
    next: 'Look at what it says now, then go on from there.',
  },
  VAULT_BUSY: {
    sentence: 'Another tab is just releasing a secret for this session.',
    next: 'Go on in that tab, or close it and try again here.',
  },
  VAULT_WORKER: {
    sentence: 'The work in the background ended without an answer.',
    next: 'Try again. If it stays so, close other tabs, or reload this page: nothing that was stored is lost.',
  },
  VAULT_BACKUP: {
    sentence: 'The backup cannot be read.',
    next: 'Check the file and its passphrase.',
  },
  VAULT_BACKUP_VERSION: {
    sentence: 'The backup was made by a newer version of this app.',
    next: 'Update the app on this device, then restore it.',
  },
  VAULT_DEMO: {
    sentence: 'The demo takes in no keys or backups that are used for real.',
    next: 'Open the app without the demo, and bring them in there.',
  },
  VAULT_OF_DEMO: {
    sentence: 'This backup was made in the demo.',
    next: 'Restore it there: the demo link ends in `?demo`. Nothing of it belongs among real keys.',
  },
  VAULT_ELSEWHERE: {
    sentence: 'The keys of this session are, or may have been, used elsewhere: nothing new is sealed under it here.',
    next: 'Begin a new launch with a new session.',
  },
  VAULT_PASSKEY: {
    sentence: 'The passkey cannot open these keys.',
    next: 'Use your passphrase. Nothing is lost.',
  },
  VAULT_PASSKEY_NONE: {
    sentence: 'This browser, or this device, has no passkeys that can hold a key.',
    next: 'Use your passphrase.',
  },
  VAULT_PASSKEY_CANCELLED: {
    sentence: 'The passkey was not used: the question was cancelled, or took too long.',
    next: 'Try again, or use your passphrase.',
  },
  VAULT_RECORD: {
    sentence: 'A stored record is damaged.',
    next: 'Keep it for your notes, and begin a new launch.',
  },
  VAULT_CHANGED: {
    sentence: 'A stored record was changed outside of this app: it no longer fits the keys that were made with it.',
    next: 'Release nothing for it. Begin a new launch, and find out who could change what this browser stores.',
  },
  VAULT_PLACE: {
    sentence: 'This is no private place: a key that is written there can be read or changed by others.',
    next: 'Make a folder of your own with `mkdir -m 700 NAME`, and write there.',
  },
  VAULT_FILE_EXISTS: {
    sentence: 'There is a file of this name already.',
    next: 'Choose another name or folder, or let it be replaced with --force.',
  },
  VAULT_WRITE: {
    sentence: 'The file cannot be written.',
    next: 'Check the folder, its permissions and the space that is left.',
  },
} satisfies Record<string, ErrorWords>;
