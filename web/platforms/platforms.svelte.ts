// The platforms that this device has met, and verified.
import { parseCertChain } from '../../shared/formats/cert-chain.ts';
import { type Database, stored } from '../storage/database.ts';
import { announce, onChange } from '../storage/records.ts';
import { chipId } from './chip-id.ts';
import type { PlatformRecord, ReportedStatus } from './platform-record.ts';

export class Platforms {
  list = $state.raw<readonly PlatformRecord[]>([]);
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    onChange('platforms', () => void this.load());
  }

  async load(): Promise<void> {
    const records = await stored(this.#database.getAll('platforms'));
    this.list = records.sort((a, b) => b.seenAt - a.seenAt);
  }

  find(id: string | undefined): PlatformRecord | undefined {
    return this.list.find((platform) => platform.id === id);
  }

  /**
   * Remembers a platform whose chain has just been verified; one that was met before takes the new chain.
   * @param chain in sevctl's order, verified by the caller
   */
  async remember(
    chain: Uint8Array,
    met: { readonly name: string; readonly relayUrl?: string; readonly status?: ReportedStatus },
  ): Promise<PlatformRecord> {
    const id = await chipId(parseCertChain(chain).cek);
    const now = Date.now();
    const known = await stored(this.#database.get('platforms', id));
    const record: PlatformRecord = {
      ...(known ?? { id, revision: 0, name: met.name, metAt: now }),
      chain,
      seenAt: now,
      ...(met.relayUrl && { relayUrl: met.relayUrl }),
      ...(met.status && { status: met.status }),
    };
    await stored(this.#database.put('platforms', record));
    await this.load();
    announce({ store: 'platforms', key: id });
    return record;
  }

  async forget(id: string): Promise<void> {
    await stored(this.#database.delete('platforms', id));
    await this.load();
    announce({ store: 'platforms', key: id });
  }
}
