// The ledger of sessions: each yields packets for one measurement only, ever. What it holds is checked and written in
// one IndexedDB transaction before anything is sealed, so that two tabs, or a restored record, cannot release twice.
import { equalBytes } from '../../shared/bytes/equal.ts';
import { SevError } from '../../shared/errors.ts';
import { type Database, stored } from '../storage/database.ts';
import type { KeyRecord } from './key-record.ts';

declare module '../storage/database.ts' {
  interface Stores {
    /** Only web/vault reads and writes it. */
    ledger: { key: string; value: LedgerEntry };
  }
}

export interface SealedPacket {
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

export interface LedgerEntry {
  readonly sessionId: string;
  readonly createdAt: number;
  /** The measurement (48 bytes) that this session is bound to, from the moment that a secret was to be sealed. */
  readonly measurement?: Uint8Array;
  readonly boundAt?: number;
  /** The packet, once sealed. It is encrypted under the TEK, and it is the only one there will be. */
  readonly packet?: SealedPacket;
  /** Set when the session must not be used any more, whatever else the entry says. */
  readonly retiredAt?: number;
  /**
   * Set when the session's keys are, or may have been, in other hands than this vault's: they came from a backup, or were
   * taken out for another tool. A packet that is here may be sent again; nothing new is sealed.
   */
  readonly elsewhereAt?: number;
}

/** Whether something new may be sealed under a session. */
export const canSeal = ({ packet, retiredAt, elsewhereAt }: LedgerEntry): boolean =>
  packet === undefined && retiredAt === undefined && elsewhereAt === undefined;

/** Keeps a new session's keys and opens its account, both or neither. */
export const enter = (database: Database, keys: KeyRecord, now: number): Promise<void> =>
  stored(
    (async () => {
      const transaction = database.transaction(['keys', 'ledger'], 'readwrite', { durability: 'strict' });
      await Promise.all([
        transaction.objectStore('keys').add(keys),
        transaction.objectStore('ledger').add({ sessionId: keys.sessionId, createdAt: now }),
        transaction.done,
      ]);
    })(),
  );

/**
 * Binds the session to a measurement, or finds it bound to that one already.
 * @returns the packet that was sealed for it before, if any
 * @throws SevError MEASURE_SESSION_USED when it is bound to another measurement or retired, VAULT_ELSEWHERE, VAULT_MISSING_KEY
 * when unknown
 */
export const bind = (
  database: Database,
  sessionId: string,
  measurement: Uint8Array,
  now: number,
): Promise<SealedPacket | undefined> =>
  change(database, sessionId, (entry) => {
    const other = entry.measurement !== undefined && !equalBytes(entry.measurement, measurement);
    if (other || entry.retiredAt !== undefined) throw new SevError('MEASURE_SESSION_USED');
    if (!entry.packet && !canSeal(entry)) throw new SevError('VAULT_ELSEWHERE');
    return { ...entry, measurement, boundAt: entry.boundAt ?? now };
  }).then(({ packet }) => packet);

/** @throws SevError MEASURE_SESSION_USED when a packet is there already, or the session is not bound */
export const keepPacket = (database: Database, sessionId: string, packet: SealedPacket): Promise<LedgerEntry> =>
  change(database, sessionId, (entry) => {
    if (!canSeal(entry) || entry.measurement === undefined) throw new SevError('MEASURE_SESSION_USED');
    return { ...entry, packet };
  });

/** Notes that the keys go into other hands: from now on nothing new is sealed here. @throws SevError VAULT_MISSING_KEY */
export const sendElsewhere = (database: Database, sessionId: string, now: number): Promise<LedgerEntry> =>
  change(database, sessionId, (entry) => ({ ...entry, elsewhereAt: entry.elsewhereAt ?? now }));

/** Ends a session for good, and forgets its keys. */
export async function retire(database: Database, sessionId: string, now: number): Promise<void> {
  await change(database, sessionId, (entry) => ({ ...entry, retiredAt: entry.retiredAt ?? now }));
  await stored(database.delete('keys', sessionId));
}

/** Reads, judges and writes in one transaction; `judge` must not wait for anything. */
function change(
  database: Database,
  sessionId: string,
  judge: (entry: LedgerEntry) => LedgerEntry,
): Promise<LedgerEntry> {
  const work = async (): Promise<LedgerEntry> => {
    const transaction = database.transaction('ledger', 'readwrite', { durability: 'strict' });
    const entry = await transaction.store.get(sessionId);
    try {
      if (entry === undefined) throw new SevError('VAULT_MISSING_KEY');
      const next = judge(entry);
      await transaction.store.put(next);
      await transaction.done;
      return next;
    } catch (error) {
      void transaction.done.catch(() => undefined);
      throw error;
    }
  };
  return stored(work());
}
