// What a backup may be at most; apart, so that screens can look without loading what reads backups.

/** Some ten thousand launches. */
export const MAX_BACKUP_SIZE = 128 * 1024 * 1024;
