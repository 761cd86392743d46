// The records of ownership in storage: one for each PEK, changed so that two tabs never undo each other's work.
import { type Database, stored } from '../storage/database.ts';
import { announce, changeRecord } from '../storage/records.ts';
import { afterEvent, ownershipId, type OwnershipRecord } from './ownership-record.ts';

export interface Ownerships {
  /** Changed last first. */
  list(): Promise<readonly OwnershipRecord[]>;
  find(id: string): Promise<OwnershipRecord | undefined>;
  /**
   * Takes a request in. One that is here already goes on from where it stands.
   * @throws SevError as parsePekCsr, VAULT_STORAGE
   */
  take(csr: Uint8Array, relayUrl?: string): Promise<OwnershipRecord>;
  /** @throws SevError VAULT_STORAGE, VAULT_RECORD, or what `next` throws */
  change(id: string, next: (present: OwnershipRecord) => OwnershipRecord): Promise<OwnershipRecord>;
  forget(id: string): Promise<void>;
}

export function openOwnerships(database: Database): Ownerships {
  const change: Ownerships['change'] = (id, next) => changeRecord(database, 'ownerships', id, next);

  async function begin(id: string, csr: Uint8Array, relayUrl: string | undefined): Promise<OwnershipRecord> {
    const now = Date.now();
    const fresh = { id, revision: 0, createdAt: now, updatedAt: now, state: 'requested', csr, history: [] } as const;
    const record = afterEvent({ ...fresh, ...(relayUrl !== undefined && { relayUrl }) }, 'requested');
    await stored(database.add('ownerships', record));
    announce({ store: 'ownerships', key: id });
    return record;
  }

  return {
    async list() {
      const records = await stored(database.getAll('ownerships'));
      return records.sort((a, b) => b.updatedAt - a.updatedAt);
    },
    find: (id) => stored(database.get('ownerships', id)),
    async take(csr, relayUrl) {
      const id = await ownershipId(csr);
      const known = await stored(database.get('ownerships', id));
      if (!known) return begin(id, csr, relayUrl);
      if (relayUrl === undefined || relayUrl === known.relayUrl) return known;
      return change(id, (present) => ({ ...present, relayUrl }));
    },
    change,
    async forget(id) {
      await stored(database.delete('ownerships', id));
      announce({ store: 'ownerships', key: id });
    },
  };
}
