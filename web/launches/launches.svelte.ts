// All launches of this device, newest first.
import { randomId } from '../../shared/crypto/subtle.ts';
import { encodePolicy } from '../../shared/formats/policy.ts';
import { recommendedPolicy } from '../../shared/formats/policy-words.ts';
import type { PlatformRecord } from '../platforms/platform-record.ts';
import { type Database, stored } from '../storage/database.ts';
import { announce, changeRecord, onChange } from '../storage/records.ts';
import { words } from '../strings/index.ts';
import { after, type LaunchRecord } from './launch-record.ts';
import { FIRST_CPU } from './plan.ts';

export class Launches {
  list = $state.raw<readonly LaunchRecord[]>([]);
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    onChange('launches', (id) => void this.#reload(id));
  }

  async load(): Promise<void> {
    const records = await stored(this.#database.getAllFromIndex('launches', 'updatedAt'));
    this.list = records.reverse();
  }

  find(id: string): LaunchRecord | undefined {
    return this.list.find((launch) => launch.id === id);
  }

  /** Begins a launch on a platform whose chain the caller has just seen verified. */
  async begin(platform: PlatformRecord): Promise<LaunchRecord> {
    const now = Date.now();
    const fresh: LaunchRecord = {
      id: randomId(),
      revision: 0,
      name: words.launch.defaultName(platform.name, this.#numberOn(platform.id)),
      createdAt: now,
      updatedAt: now,
      state: 'platform',
      platformId: platform.id,
      platformName: platform.name,
      chain: platform.chain,
      ...(platform.relayUrl && { relayUrl: platform.relayUrl }),
      plan: { policy: firstPolicy(platform), acceptsKeySharing: false, cpu: FIRST_CPU },
      history: [],
    };
    const record = after(fresh, 'begun', {}, platform.name);
    await stored(this.#database.add('launches', record));
    announce({ store: 'launches', key: record.id });
    this.#put(record);
    return record;
  }

  /**
   * Changes a record as it is at that moment in storage.
   * @throws SevError VAULT_STORAGE, VAULT_RECORD, or what `next` throws
   */
  async change(id: string, next: (present: LaunchRecord) => LaunchRecord): Promise<LaunchRecord> {
    const saved = await changeRecord(this.#database, 'launches', id, next);
    this.#put(saved);
    return saved;
  }

  async #reload(id: string): Promise<void> {
    const record = await stored(this.#database.get('launches', id));
    if (record) this.#put(record);
    else this.list = this.list.filter((launch) => launch.id !== id);
  }

  #put(record: LaunchRecord): void {
    const known = this.find(record.id);
    if (known && known.revision >= record.revision) return;
    this.list = [record, ...this.list.filter((launch) => launch.id !== record.id)];
  }

  #numberOn(platformId: string): number {
    return this.list.filter((launch) => launch.platformId === platformId).length + 1;
  }
}

/** SEV-ES wherever the host says that it has it; a host that lies about it only ends in a refusal. */
const firstPolicy = ({ status }: PlatformRecord): number => encodePolicy(recommendedPolicy({ es: status?.es ?? true }));
