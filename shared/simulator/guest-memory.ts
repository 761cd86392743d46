// The memory of a simulated guest, as far as secrets go, and the console on which it tells what it found there.
// Nothing here is encrypted: the simulator does not simulate memory encryption.
import { ascii } from '../bytes/text.ts';
import { holdsKernelHashes } from './loaded-pages.ts';
import type { MemoryArea } from './firmware-table.ts';
import { findSecrets } from './guest-secrets.ts';

/** Where the guest looks. */
export interface GuestAreas {
  readonly hashArea: MemoryArea | undefined;
  readonly secretArea: MemoryArea | undefined;
}

export interface GuestMemory {
  /** Whether all of it lies in the guest's memory. */
  maps(address: bigint, length: number): boolean;
  write(address: number, bytes: Uint8Array): void;
  /** The guest runs from its beginning: it looks for hashes and secrets where its firmware says, and tells what it found. */
  run(areas: GuestAreas): void;
  readonly console: string;
}

/** @param memoryBytes the size of the guest's memory, from address 0 on */
export function makeGuestMemory(memoryBytes: number): GuestMemory {
  const written: { readonly address: number; readonly bytes: Uint8Array }[] = [];
  let console = '';

  /** What the guest sees in a part of its memory: zeros, but for what was written. */
  const read = (area: MemoryArea | undefined): Uint8Array => {
    if (!area || area.base === 0 || area.base >= memoryBytes) return new Uint8Array();
    const { base, size } = area;
    const seen = new Uint8Array(Math.min(size, memoryBytes - base));
    for (const { address, bytes } of written) {
      const from = Math.max(base, address);
      const to = Math.min(base + seen.length, address + bytes.length);
      if (from < to) seen.set(bytes.subarray(from - address, to - address), from - base);
    }
    return seen;
  };

  return {
    maps: (address, length) => address >= 0n && address + BigInt(length) <= BigInt(memoryBytes),
    write: (address, bytes) => void written.push({ address, bytes }),
    run({ hashArea, secretArea }) {
      if (holdsKernelHashes(read(hashArea))) console += 'Demo guest: kernel hashes found.\r\n';
      console += report(findSecrets(read(secretArea)));
    },
    get console() {
      return console;
    },
  };
}

/** What the demo guest writes on its serial console, line by line. */
function report(secrets: ReturnType<typeof findSecrets>): string {
  if (!secrets) return 'Demo guest: no secret table found.\r\n';
  const lines = secrets.map(({ guid, data }) => `${guid} ${printable(data)}`);
  return ['Demo guest: secret table found.', ...lines, 'Demo guest: end of table.', ''].join('\r\n');
}

const BACKSLASH = ascii('\\')[0]!;

/** Printable ASCII as it is, everything else and the backslash as `\xNN`. */
const printable = (data: Uint8Array): string =>
  Array.from(data, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== BACKSLASH
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
