// The least that a passphrase may be; apart, so that screens can look without loading what judges one.

/** Characters. A backup asks for more than the vault: anyone who has the file can keep guessing. */
export const MIN_PASSPHRASE = { vault: 8, backup: 12 } as const;
