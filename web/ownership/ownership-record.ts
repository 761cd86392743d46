// One platform's way into ownership, as it is kept: from its request to a chain that names the owner. All of it is public.
import { toHex } from '../../shared/bytes/text.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import { parsePekCsr } from '../../shared/sev/session/ownership.ts';
import type { Revised } from '../storage/revised.ts';

declare module '../storage/database.ts' {
  interface Stores {
    ownerships: { key: string; value: OwnershipRecord };
  }
}

/** `import-asked` until a chain has told what became of it: nothing is imported a second time before that. */
export type OwnershipState = 'requested' | 'signed' | 'import-asked' | 'owned';

export type OwnershipEvent =
  | 'requested'
  | 'signed'
  | 'handed-over'
  | 'import-asked'
  | 'import-refused'
  | 'import-answered'
  | 'not-owned'
  | 'owned';

interface OwnershipHistory {
  readonly at: number;
  readonly event: OwnershipEvent;
}

export interface OwnershipRecord extends Revised {
  /** SHA-256 of the request's signed body, hex: one record for each PEK, however often its request comes. */
  readonly id: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly state: OwnershipState;
  /** The request, 2,084 bytes. */
  readonly csr: Uint8Array;
  /** The relay that gave it, and that can take the answer. */
  readonly relayUrl?: string;
  /** Who signed: the key's id, by which a platform's owner is pinned, and its name then. */
  readonly owner?: { readonly id: string; readonly name: string };
  /** What the platform imports: 2,084 bytes each. */
  readonly signed?: { readonly pek: Uint8Array; readonly oca: Uint8Array };
  readonly importAskedAt?: number;
  readonly history: readonly OwnershipHistory[];
}

/** @throws SevError as parsePekCsr */
export const ownershipId = async (csr: Uint8Array): Promise<string> => toHex(await sha256(parsePekCsr(csr).signedBody));

/** The record after something happened. */
export function afterEvent(
  record: OwnershipRecord,
  event: OwnershipEvent,
  change: Partial<OwnershipRecord> = {},
): OwnershipRecord {
  const at = Date.now();
  return { ...record, ...change, updatedAt: at, history: [...record.history, { at, event }] };
}

/** Whether there is still something to do. */
export const isUnderWay = ({ state }: OwnershipRecord): boolean => state !== 'owned';
