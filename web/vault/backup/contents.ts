// What a backup holds, as bytes: JSON whose byte strings stand apart, each only once, since most chains are alike.
import { ByteReader } from '../../../shared/bytes/reader.ts';
import { fromUtf8, toUtf8 } from '../../../shared/bytes/text.ts';
import { ByteWriter } from '../../../shared/bytes/writer.ts';
import { requireDistinctMembers } from '../../../shared/encodings/strict-json.ts';
import { SevError } from '../../../shared/errors.ts';
import type { Parsed } from '../../../shared/schema.ts';
import { sessionId } from '../../../shared/sev/session/launch-session.ts';
import { referenceId } from '../../library/reference-record.ts';
import { ownershipId } from '../../ownership/ownership-record.ts';
import { ownerKeySha256 } from '../../../shared/sev/formats/key-field.ts';
import { parseSevCert } from '../../../shared/sev/formats/sev-cert.ts';
import { backupContents } from './record-schemas.ts';

export type BackupContents = Parsed<typeof backupContents>;

const MAX_BLOBS = 1_000_000;
/** The one member of an object that stands for a byte string: its place in the list. */
const REF = '#';

/** LE32 count of byte strings; each as LE32 length and bytes; then UTF-8 JSON to the end. */
export function encodeContents(contents: BackupContents): Uint8Array {
  const blobs: Uint8Array[] = [];
  const known = new Map<string, number>();
  const placeOf = (blob: Uint8Array): number => {
    // One character a byte: quick to make, and it lives only as long as this function.
    const key = String.fromCharCode(...blob.subarray(0, 65_536));
    const place = known.get(key) ?? blobs.push(blob) - 1;
    known.set(key, place);
    return place;
  };
  const json = JSON.stringify(contents, (_name, value: unknown) =>
    value instanceof Uint8Array ? { [REF]: placeOf(value) } : value,
  );
  const writer = new ByteWriter(65_536).u32(blobs.length);
  for (const blob of blobs) writer.u32(blob.length).bytes(blob);
  return writer.bytes(toUtf8(json)).finish();
}

/**
 * Reads the bytes back, strictly, and checks what can be checked of a record by itself.
 * @throws SevError VAULT_BACKUP
 */
export async function parseContents(bytes: Uint8Array): Promise<BackupContents> {
  try {
    const reader = new ByteReader(bytes, 'backup');
    const count = reader.u32('blobs');
    if (count > MAX_BLOBS) throw new SevError('BYTES_LENGTH', { at: 'backup.blobs' });
    const blobs: Uint8Array[] = [];
    for (let i = 0; i < count; i++) blobs.push(reader.take(reader.u32('blob'), 'blob'));
    const json = fromUtf8(reader.take(reader.remaining, 'json'), 'backup');
    requireDistinctMembers(json, 'backup');
    const value: unknown = JSON.parse(json, (_name, member: unknown) => blobOf(member, blobs) ?? member);
    const contents = backupContents.parse(value, 'backup');
    await requireOwnIds(contents);
    return contents;
  } catch (cause) {
    throw new SevError('VAULT_BACKUP', { because: 'A record in it is not as it should be.', cause });
  }
}

function blobOf(member: unknown, blobs: readonly Uint8Array[]): Uint8Array | undefined {
  if (typeof member !== 'object' || member === null || !Object.hasOwn(member, REF)) return undefined;
  const place = (member as Record<string, unknown>)[REF];
  return typeof place === 'number' ? blobs[place] : undefined;
}

/** Ids that follow from what they name do so, and none is there twice. */
async function requireOwnIds(contents: BackupContents) {
  const { keys, ledger, launches, ownerKeys, ownerships = [], references, platforms, secrets } = contents;
  const wrong = (at: string): never => {
    throw new SevError('BYTES_VALUE', { at, because: 'It is not of its id.' });
  };
  for (const { session } of launches) if (session && sessionId(session.blob) !== session.id) wrong('session');
  for (const { id, role, sha256 } of references) if (referenceId(role, sha256) !== id) wrong('reference');
  for (const { id, oca } of ownerKeys) if ((await ownerKeySha256(parseSevCert(oca, 'oca'))) !== id) wrong('ownerKey');
  for (const { id, csr } of ownerships) if ((await ownershipId(csr)) !== id) wrong('ownership');
  const lists = [keys, ledger].map((list) => list.map((entry) => entry.sessionId));
  const others = [launches, ownerKeys, ownerships, references, platforms, secrets].map((list) =>
    list.map(({ id }) => id),
  );
  for (const ids of [...lists, ...others]) if (new Set(ids).size !== ids.length) wrong('id');
}
