// QEMU's table of the hashes of kernel, initrd and command line, which is measured behind the guest image.
import { SevError } from '../errors.ts';
import { encodeGuid, type Guid, parseGuid } from '../bytes/guid.ts';
import { ByteReader, requireLength } from '../bytes/reader.ts';
import { ByteWriter, concat } from '../bytes/writer.ts';
import { toUtf8 } from '../bytes/text.ts';
import { sha256 } from '../crypto/subtle.ts';

export const KERNEL_HASHES_SIZE = 176;
const TABLE_GUID: Guid = '9438d606-4f22-4cc9-b479-a793d411fd21';
/** Table header and three entries, without the padding to a multiple of 16. */
const TABLE_LENGTH = 168;
const ENTRY_LENGTH = 50;
/** In the order of the table. */
const ENTRIES = [
  { name: 'cmdline', guid: '97d02dd8-bd20-4c94-aa78-e7714d36ab2a' },
  { name: 'initrd', guid: '44baf731-3a2f-4bd7-9af1-41e29169781d' },
  { name: 'kernel', guid: '4de79437-abd2-427f-b835-d5b172d2045b' },
] as const;

/** SHA-256 digests, 32 bytes each. */
export interface KernelHashes {
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
  readonly cmdline: Uint8Array;
}

/** The bytes of a command line that are hashed: its UTF-8, nothing trimmed, and one NUL. None is the NUL alone. */
export const cmdlineBytes = (cmdline: string): Uint8Array => concat(toUtf8(cmdline), Uint8Array.of(0));

/** Hashes files as QEMU does. No initrd is the hash of nothing, no command line that of one NUL. */
export async function hashKernel(files: {
  kernel: Uint8Array;
  initrd?: Uint8Array;
  cmdline?: string;
}): Promise<KernelHashes> {
  return {
    kernel: await sha256(files.kernel),
    initrd: await sha256(files.initrd ?? new Uint8Array()),
    cmdline: await sha256(cmdlineBytes(files.cmdline ?? '')),
  };
}

/** The padded table as it is measured: 176 bytes. Lengths are LE16 here, unlike in the secret table. */
export function encodeKernelHashes(hashes: KernelHashes): Uint8Array {
  const writer = new ByteWriter(KERNEL_HASHES_SIZE).bytes(encodeGuid(TABLE_GUID)).u16(TABLE_LENGTH);
  for (const { name, guid } of ENTRIES) {
    requireLength(hashes[name], 32, `kernelHashes.${name}`);
    writer.bytes(encodeGuid(guid)).u16(ENTRY_LENGTH).bytes(hashes[name]);
  }
  return writer.zeros(KERNEL_HASHES_SIZE - TABLE_LENGTH).finish();
}

/**
 * Reads a padded table, strictly in QEMU's order.
 * @throws SevError BYTES_LENGTH, BYTES_VALUE, BYTES_RESERVED
 */
export function parseKernelHashes(bytes: Uint8Array, at = 'kernelHashes'): KernelHashes {
  requireLength(bytes, KERNEL_HASHES_SIZE, at);
  const reader = new ByteReader(bytes, at);
  requireHeader(reader, 'table', TABLE_GUID, TABLE_LENGTH);
  const hashes = ENTRIES.map(({ name, guid }) => {
    requireHeader(reader, name, guid, ENTRY_LENGTH);
    return [name, reader.take(32, name)] as const;
  });
  reader.zeros(KERNEL_HASHES_SIZE - TABLE_LENGTH, 'padding');
  return Object.fromEntries(hashes) as unknown as KernelHashes;
}

function requireHeader(reader: ByteReader, field: string, guid: Guid, length: number): void {
  const found = parseGuid(reader.take(16, `${field}.guid`));
  if (found !== guid)
    throw new SevError('BYTES_VALUE', { at: reader.path(`${field}.guid`), because: `It is ${found}.` });
  const said = reader.u16(`${field}.length`);
  if (said !== length)
    throw new SevError('BYTES_VALUE', { at: reader.path(`${field}.length`), because: `It is ${said}.` });
}
