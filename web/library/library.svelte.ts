// The guest owner's reference library: guest images, kernels and initrds, each known by its hash.
import type { KnownFile } from '../../shared/airgap/reference.ts';
import { SevError } from '../../shared/errors.ts';
import { type Database, stored } from '../storage/database.ts';
import { announce, onChange } from '../storage/records.ts';
import type { CallOptions } from '../workers/call.ts';
import { hashFile, hashImage } from '../workers/digest.ts';
import { type ImageRecord, isImage, referenceId, type ReferenceRecord, type Role } from './reference-record.ts';

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
        ? await hashImage(file, (sha256) => this.findImage(sha256), options)
        : await hashFile(file, options);
    return this.keep({ ...hashed, role, name: file.name.slice(0, 64) });
  }

  /** Keeps what is known of a file, as from another device. */
  async keep(file: KnownFile): Promise<ReferenceRecord> {
    const id = referenceId(file.role, file.sha256);
    const known = this.files.find((other) => other.id === id);
    if (known) return known;
    const record = { ...file, id, addedAt: Date.now() };
    await this.#put(record);
    return record;
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
