// The guest owner's own reference files, each known by its hash.
import { type Database, stored } from '../storage/database.ts';
import { announce, onChange } from '../storage/records.ts';
import { hashImage } from '../workers/digest.ts';
import type { CallOptions } from '../workers/call.ts';
import { SevError } from '../../shared/errors.ts';
import type { ImageRecord } from './image-record.ts';

export class Library {
  images = $state.raw<readonly ImageRecord[]>([]);
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    onChange('images', () => void this.load());
  }

  async load(): Promise<void> {
    const images = await stored(this.#database.getAll('images'));
    this.images = images.sort((a, b) => b.addedAt - a.addedAt);
  }

  find(id: string | undefined): ImageRecord | undefined {
    return this.images.find((image) => image.id === id);
  }

  /**
   * Hashes a file in a worker and remembers it; a file that is known already is not stored twice.
   * @throws SevError MEASURE_IMAGE when it is empty; AbortError when cancelled
   */
  async add(file: File, options?: CallOptions): Promise<ImageRecord> {
    if (file.size === 0) throw new SevError('MEASURE_IMAGE', { because: 'The file is empty.' });
    const hashed = await hashImage(file, options);
    const known = this.find(hashed.sha256);
    if (known) return known;
    const image = { ...hashed, id: hashed.sha256, name: file.name, addedAt: Date.now() };
    await stored(this.#database.put('images', image));
    announce({ store: 'images', key: image.id });
    await this.load();
    return image;
  }
}
