const several = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const backup = {
  heading: 'Backup',
  hint: 'One encrypted file with everything that is kept here: keys, secrets, owner keys, launches, platforms, your library, and which sessions were used. Relays are not in it.',
  lastMade: (when: string) => `Last backup made on ${when}.`,
  changedSince: 'Something here has changed since. Make a new one.',
  unchangedSince: 'Nothing here has changed since.',
  neverMade: 'No backup was made on this device yet.',
  make: 'Make a backup',
  passphrase: 'Passphrase of the backup',
  passphraseHint:
    'It can differ from the passphrase of this device. Anyone with the file can keep guessing, so it has to be stronger.',
  making: 'Encrypting everything: this takes a few seconds…',
  makeIt: 'Make and save the backup',
  made: (launches: number) =>
    `Saved, with ${several(launches, 'launch', 'launches')}. Keep the file and its passphrase apart.`,
  leftOut: (count: number) =>
    `The keys of ${several(count, 'practice session', 'practice sessions')} are not in it: they were made without a passphrase, and cannot be read.`,
  restore: 'Restore a backup',
  restoreHint:
    'It joins what is here; nothing here is removed. A session that was not used yet when the backup was made seals nothing on this device: the other one may have used it since. Only restore a backup that you made.',
  file: 'Backup file',
  chosen: (name: string) => `Chosen: ${name}`,
  restoring: 'Opening the backup: this takes a few seconds…',
  restoringAt: (mebibytes: number, passes: number) =>
    `Opening the backup. It asks for ${mebibytes} MiB of memory and ${passes} passes, which takes a while…`,
  cancel: 'Cancel',
  restoreIt: 'Restore it',
  unlockFirst: 'Unlock the keys to make or restore a backup.',
  done: (when: string) => `The backup of ${when} is restored.`,
  nothingNew: 'Everything in it was here already.',
  added: (counts: {
    launches: number;
    platforms: number;
    references: number;
    secrets: number;
    ownerKeys: number;
  }): string => {
    const parts = [
      [counts.launches, 'launch', 'launches'],
      [counts.platforms, 'platform', 'platforms'],
      [counts.references, 'file of the library', 'files of the library'],
      [counts.secrets, 'disk secret', 'disk secrets'],
      [counts.ownerKeys, 'owner key', 'owner keys'],
    ] as const;
    const told = parts.filter(([count]) => count > 0).map(([count, one, many]) => several(count, one, many));
    return told.length === 0 ? '' : `New here: ${told.join(', ')}.`;
  },
  closed: (count: number) =>
    `${several(count, 'launch', 'launches')} under way ${count === 1 ? 'was' : 'were'} closed: whether the session was used since cannot be known. Begin anew on the platform.`,
  otherOwners: (names: readonly string[]) =>
    `The backup expects another owner of ${names.join(', ')} than you do here. What is here stayed.`,
} as const;
