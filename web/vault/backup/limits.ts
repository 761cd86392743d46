// What a backup may be at most and at least; apart, so that screens can look without loading what reads backups.

/** Some ten thousand launches. */
export const MAX_BACKUP_SIZE = 128 * 1024 * 1024;
/** Whoever has the file can guess at it for ever: it asks for more than the vault itself. */
export const MIN_BACKUP_PASSPHRASE = 12;
