// The guest owner's reference library: guest images, kernels and initrds, each known by its hash.
import type { KnownFile } from '../../shared/airgap/reference.ts';
import { SevError } from '../../shared/errors.ts';
import { type Claimant, claimedBy, confirmedOrigin, isOwn } from '../../shared/origins/origin.ts';
import { type Database, stored } from '../storage/database.ts';
import { announce, onChange } from '../storage/records.ts';
import type { CallOptions } from '../workers/call.ts';
import { hashFile, hashImage } from '../workers/digest.ts';
import type { HashedFile, HashedImage } from '../workers/messages.ts';
import {
  type ImageRecord,
  isImage,
  originOfFile,
  referenceId,
  type ReferenceRecord,
  type Role,
} from './reference-record.ts';

export class Library {
  files = $state.raw<readonly ReferenceRecord[]>([]);
  readonly images: readonly ImageRecord[] = $derived(this.files.filter(isImage));
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    onChange('references', () => void this.load());
  }

  async load(): Promise<void> {
    const files = await stored(this.#database.getAll('references'));
    this.files = files.sort((a, b) => b.addedAt - a.addedAt);
  }

  find(role: Role, sha256: string | undefined): ReferenceRecord | undefined {
    return this.files.find((file) => file.role === role && file.sha256 === sha256);
  }

  findImage(sha256: string | undefined): ImageRecord | undefined {
    return this.images.find((image) => image.sha256 === sha256);
  }

  /**
   * Hashes a file in a worker and remembers it; a file that is known already is not stored twice.
   * @throws SevError MEASURE_IMAGE when it is empty; AbortError when cancelled
   */
  async add(file: File, role: Role, options?: CallOptions): Promise<ReferenceRecord> {
    if (file.size === 0) throw new SevError('MEASURE_IMAGE', { because: 'The file is empty.' });
    const hashed =
      role === 'guest-image'
        ? await hashImage(file, (sha256) => this.#readHere(sha256), options)
        : await hashFile(file, options);
    return this.#replace({ ...factsOf(hashed), role, name: file.name.slice(0, 64) });
  }

  /**
   * Keeps what another claims of a file, once the owner has agreed to keep it: it decides nothing before it is confirmed.
   * What is known here already stays as it is.
   */
  async keepClaim(file: KnownFile, by: Claimant): Promise<ReferenceRecord> {
    const id = referenceId(file.role, file.sha256);
    const known = this.files.find((other) => other.id === id);
    if (known) return known;
    const record: ReferenceRecord = { ...file, id, addedAt: Date.now(), origin: claimedBy(by) };
    await this.#put(record);
    return record;
  }

  /** The owner has recognized the file as theirs. What only the file itself shows, stays unknown until it is read here. */
  async confirm(file: ReferenceRecord): Promise<ReferenceRecord> {
    const record = { ...file, origin: confirmedOrigin(originOfFile(file)) };
    await this.#put(record);
    return record;
  }

  /** The owner vouches for a guest image that was read here: that it checks what it starts; or takes that back. */
  vouch(file: ReferenceRecord, on: boolean): Promise<void> {
    const { vouchedAt: _, ...rest } = file;
    if (originOfFile(file) !== 'hashed-here') throw new SevError('MEASURE_CLAIMED', { at: file.name });
    return this.#put(on ? { ...rest, vouchedAt: Date.now() } : rest);
  }

  /** What the file itself shows takes the place of whatever was claimed of it; a name that the owner gave stays. */
  async #replace(file: KnownFile): Promise<ReferenceRecord> {
    const id = referenceId(file.role, file.sha256);
    const known = this.files.find((other) => other.id === id);
    if (known?.origin === 'hashed-here' && (known.role !== 'guest-image' || hasBeenLookedInto(known))) return known;
    const own = known && isOwn(originOfFile(known)) ? { name: known.name } : {};
    const kept = { addedAt: known?.addedAt ?? Date.now(), ...(known?.vouchedAt && { vouchedAt: known.vouchedAt }) };
    const record: ReferenceRecord = { ...file, ...own, ...kept, id, origin: 'hashed-here' };
    await this.#put(record);
    return record;
  }

  /** What hashing gives again, of an image that needs no second look. */
  #readHere(sha256: string): ImageRecord | undefined {
    const known = this.findImage(sha256);
    return known && originOfFile(known) === 'hashed-here' && hasBeenLookedInto(known) ? known : undefined;
  }

  rename(file: ReferenceRecord, name: string): Promise<void> {
    return this.#put({ ...file, name: name.trim().slice(0, 64) || file.name });
  }

  async remove({ id }: ReferenceRecord): Promise<void> {
    await stored(this.#database.delete('references', id));
    await this.load();
    announce({ store: 'references', key: id });
  }

  async #put(record: ReferenceRecord): Promise<void> {
    await stored(this.#database.put('references', record));
    await this.load();
    announce({ store: 'references', key: record.id });
  }
}

/** Of what hashing found, what a record is made of. */
function factsOf(hashed: HashedFile | HashedImage): Pick<KnownFile, 'size' | 'sha256' | 'midstate' | 'guestImage'> {
  const { size, sha256 } = hashed;
  if (!('midstate' in hashed)) return { size, sha256 };
  const { midstate, guestImage } = hashed;
  return { size, sha256, midstate, ...(guestImage && { guestImage }) };
}

/** Records of an earlier version know the table of an image, and not its code. */
const hasBeenLookedInto = ({ guestImage }: ReferenceRecord): boolean =>
  guestImage !== undefined && (guestImage.code !== undefined || !(guestImage.hashArea ?? guestImage.secretArea));
