// GUIDs of secrets that guests are known to look for, and how each wants its data.
import type { Guid } from '../bytes/guid.ts';
import { concat } from '../bytes/writer.ts';
import { toUtf8 } from '../bytes/text.ts';

export interface KnownSecret {
  readonly guid: Guid;
  /** The short name that the command line takes. */
  readonly alias: string;
  readonly title: string;
  readonly sentence: string;
}

export const LUKS_PASSPHRASE_GUID: Guid = '736869e5-84f0-4973-92ec-06879ce3da0b';

export const KNOWN_SECRETS: readonly KnownSecret[] = [
  {
    guid: LUKS_PASSPHRASE_GUID,
    alias: 'luks-key',
    title: 'Disk passphrase (LUKS)',
    sentence: 'Read by GRUB, which wants it to end with a NUL; Linux hands it on as it is.',
  },
  {
    guid: 'e6f5a162-d67f-4750-a67c-5d065f2a9910',
    alias: 'kata-key-bundle',
    title: 'Confidential Containers: key bundle',
    sentence: 'Keys for an offline start of Kata or Confidential Containers.',
  },
  {
    guid: '1ee27366-0c87-43a6-af48-28543eaf7cb0',
    alias: 'kata-broker',
    title: 'Confidential Containers: key broker',
    sentence: 'How Kata or Confidential Containers reach their key broker.',
  },
];

export const knownSecret = (nameOrGuid: string): KnownSecret | undefined => {
  const plain = nameOrGuid.toLowerCase();
  return KNOWN_SECRETS.find(({ guid, alias }) => guid === plain || alias === plain);
};

/** A passphrase as GRUB's efisecret module wants it: its UTF-8 bytes and one NUL. */
export const grubPassphrase = (passphrase: string): Uint8Array => concat(toUtf8(passphrase), Uint8Array.of(0));

/** What is likely wrong with the data of a disk passphrase; undefined when nothing is. Says nothing about its content. */
export function passphraseWarning(guid: Guid, data: Uint8Array): string | undefined {
  if (guid.toLowerCase() !== LUKS_PASSPHRASE_GUID) return undefined;
  const text = data.at(-1) === 0 ? data.subarray(0, -1) : data;
  if (text.length === 0) return 'The disk passphrase is empty.';
  if (text.includes(0)) return 'The disk passphrase has a NUL in its middle: GRUB reads only up to there.';
  if (text.at(-1) === 0x0a) return 'The disk passphrase ends with a newline, which is then part of the passphrase.';
  if (data.at(-1) !== 0)
    return 'The disk passphrase does not end with a NUL: GRUB refuses it, other readers want it so.';
  return undefined;
}
