// Whether the code is in a guest image that its table of GUIDs promises: a place for kernel hashes proves nothing about
// who compares them. Debian's generic OVMF of 2026 has the place and starts any kernel.
import { encodeGuid, type Guid } from '../bytes/guid.ts';
import { toHex } from '../bytes/text.ts';
import { sha256Sync } from '../crypto/sha256-stream.ts';
import { readFirmware } from './firmware-volumes.ts';

/**
 * `found`: a program in the image knows all the GUIDs that checking needs: it looks right. `missing`: everything could be
 * opened, and none does. `unreadable`: what cannot be opened may hold it. `demo`: the simulator's own image, known by its hash.
 */
export const CODE_FOUND = ['found', 'missing', 'unreadable', 'demo'] as const;
export type CodeFound = (typeof CODE_FOUND)[number];

export interface FirmwareCode {
  /** Compares kernel, initrd and command line with the hash table. */
  readonly kernelHashes: CodeFound;
  /** Hands a secret on to what it starts. */
  readonly secrets: CodeFound;
}

/** Larger than any OVMF: an image above this is not looked into. */
export const MAX_FIRMWARE_SIZE = 32 * 1024 * 1024;

/**
 * The simulator's demo guest image: 64 KiB of our own that start no kernel at all and say what they found. It is known by
 * this hash alone, and good for simulated platforms only.
 */
export const DEMO_GUEST_IMAGE_SHA256 = '33987a99dfc9eeca57aeaffc2fe781c394c0a3d169c64511cfe0f72e48abdcce';
const DEMO_SIZE = 0x10000;

/** The entries of QEMU's hash table: kernel, initrd, command line. */
const HASH_ENTRIES: readonly Guid[] = [
  '4de79437-abd2-427f-b835-d5b172d2045b',
  '44baf731-3a2f-4bd7-9af1-41e29169781d',
  '97d02dd8-bd20-4c94-aa78-e7714d36ab2a',
];
/** Under this GUID the firmware tells an operating system where the secret is. */
const SECRET_TABLE: Guid = 'adf956ad-e98c-484c-ae11-b51c7d336447';

/** Looks into a whole image. Bounded and linear; some tenths of a second for an OVMF. */
export function firmwareCodeOf(image: Uint8Array): FirmwareCode {
  if (image.length === DEMO_SIZE && toHex(sha256Sync(image)) === DEMO_GUEST_IMAGE_SHA256)
    return { kernelHashes: 'demo', secrets: 'demo' };
  if (image.length > MAX_FIRMWARE_SIZE) return { kernelHashes: 'unreadable', secrets: 'unreadable' };
  const { programs, volumes, unread } = readFirmware(image);
  const otherwise = unread || volumes === 0 || programs.length === 0 ? 'unreadable' : 'missing';
  const holds = (guids: readonly Guid[]): CodeFound =>
    programs.some((program) => guids.every((guid) => includes(program, encodeGuid(guid)))) ? 'found' : otherwise;
  return { kernelHashes: holds(HASH_ENTRIES), secrets: holds([SECRET_TABLE]) };
}

/** Whether 16 bytes stand somewhere in a program. */
function includes(program: Uint8Array, guid: Uint8Array): boolean {
  const first = guid[0]!;
  for (let at = program.indexOf(first); at !== -1; at = program.indexOf(first, at + 1)) {
    let same = 1;
    while (same < 16 && program[at + same] === guid[same]) same++;
    if (same === 16) return true;
  }
  return false;
}
