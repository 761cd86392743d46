// The guest's own reader of its secret table, as edk2, GRUB and Linux's efi_secret read it: lenient where they are.
import { parseGuid, type Guid } from '../bytes/guid.ts';

export interface FoundSecret {
  readonly guid: Guid;
  readonly data: Uint8Array;
}

const TABLE_GUID = '1e74f542-71dd-4d66-963e-ef4287ff173b';
const HEADER_SIZE = 20;

/**
 * Reads the secrets out of guest memory. Fewer than 20 bytes left over are padding, and so is an entry without a
 * length of its own: writers differ in whether the table's length counts the padding.
 *
 * @param memory the secret area from its base on
 * @returns undefined when no well-formed table is there
 */
export function findSecrets(memory: Uint8Array): readonly FoundSecret[] | undefined {
  if (memory.length < HEADER_SIZE || parseGuid(memory.subarray(0, 16)) !== TABLE_GUID) return undefined;
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  const end = view.getUint32(16, true);
  if (end < HEADER_SIZE || end > memory.length) return undefined;
  const secrets: FoundSecret[] = [];
  let offset = HEADER_SIZE;
  while (end - offset >= HEADER_SIZE) {
    const length = view.getUint32(offset + 16, true);
    if (length === 0) break;
    if (length < HEADER_SIZE || length > end - offset) return undefined;
    secrets.push({
      guid: parseGuid(memory.subarray(offset, offset + 16)),
      data: memory.slice(offset + HEADER_SIZE, offset + length),
    });
    offset += length;
  }
  return secrets;
}
