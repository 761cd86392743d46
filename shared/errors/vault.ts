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
  VAULT_MISSING_KEY: {
    sentence: 'The keys of this session are not on this device.',
    next: 'Open the launch on the device that made the session, or restore its backup.',
  },
  VAULT_STORAGE: {
    sentence: 'The browser could not store the record.',
    next: 'Free some space, allow storage for this page, and try again.',
  },
  VAULT_BACKUP: {
    sentence: 'The backup cannot be read.',
    next: 'Check the file and its passphrase.',
  },
  VAULT_RECORD: {
    sentence: 'A stored record is damaged.',
    next: 'Keep it for your notes, and begin a new launch.',
  },
} satisfies Record<string, ErrorWords>;
