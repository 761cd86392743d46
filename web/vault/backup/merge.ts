// How what a backup holds joins what is here. The rule of the ledger comes before everything: no session is used twice.
//
// A backup shows a session as it was when the backup was made. Since then the device that made the session may have
// used it, and nothing here can know. Therefore a session seals something new only on the device that made it, by that
// device's own ledger:
//   - a session that this ledger does not know arrives as “elsewhere”: it verifies, its sealed packet can be sent again
//     (the same bytes, for the same measurement), and nothing new is ever sealed under it;
//   - of a session that both know, each fact is taken from whichever has it: bound, sealed, retired, elsewhere. Most
//     used wins;
//   - where the backup knows more than this ledger, this ledger was set back (a browser profile that was restored, say):
//     what else is missing cannot be known, and the session becomes “elsewhere”;
//   - a session that is bound to one measurement here and to another there was used twice already: it is retired.
// The same holds when the backup comes back to the very device that made it after its storage was cleared: its ledger
// is gone, and with it the proof that the session is still unused.
import { equalBytes } from '../../../shared/bytes/equal.ts';
import { after, type LaunchRecord } from '../../launches/record/launch-record.ts';
import { carriedOrigin } from '../../../shared/origins/origin.ts';
import { carriedPlan } from '../../launches/sev/plan/plan-origins.ts';
import { originOfFile, type ReferenceRecord } from '../../library/reference-record.ts';
import type { PlatformRecord } from '../../platforms/platform-record.ts';
import { canSeal, type LedgerEntry } from '../ledger.ts';

/** The entry after a restore. */
export function mergeEntry(local: LedgerEntry | undefined, incoming: LedgerEntry, now: number): LedgerEntry {
  if (!local) return { ...incoming, elsewhereAt: incoming.elsewhereAt ?? now };
  if (local.measurement && incoming.measurement && !equalBytes(local.measurement, incoming.measurement))
    return { ...local, retiredAt: local.retiredAt ?? now };
  const ahead = (!local.measurement && incoming.measurement) || (!local.packet && incoming.packet);
  const elsewhereAt = local.elsewhereAt ?? incoming.elsewhereAt ?? (ahead ? now : undefined);
  const measurement = local.measurement ?? incoming.measurement;
  const boundAt = local.boundAt ?? incoming.boundAt;
  const packet = local.packet ?? incoming.packet;
  const retiredAt = local.retiredAt ?? incoming.retiredAt;
  return {
    sessionId: local.sessionId,
    createdAt: Math.min(local.createdAt, incoming.createdAt),
    ...(measurement && { measurement }),
    ...(boundAt !== undefined && { boundAt }),
    ...(packet && { packet }),
    ...(retiredAt !== undefined && { retiredAt }),
    ...(elsewhereAt !== undefined && { elsewhereAt }),
  };
}

/** What is expected in it, the backup claims: whoever wrote the backup wrote that too. */
const fromBackup = (incoming: LaunchRecord): LaunchRecord => ({
  ...incoming,
  plan: carriedPlan(incoming.plan, 'backup'),
});

/** A file that the backup knows is claimed by it; vouching for an image is not carried. */
export function referenceFromBackup({ vouchedAt: _, ...file }: ReferenceRecord): ReferenceRecord {
  return { ...file, origin: carriedOrigin(originOfFile(file), 'backup') };
}

/** The launch that is further wins; it is closed when its session can seal nothing any more. */
export function mergeLaunch(
  local: LaunchRecord | undefined,
  incoming: LaunchRecord,
  entryOf: (sessionId: string) => LedgerEntry | undefined,
): LaunchRecord {
  const further = local && local.revision >= incoming.revision ? local : fromBackup(incoming);
  const { session, state } = further;
  const waits = state === 'session' || state === 'launched' || state === 'verified' || state === 'mismatch';
  if (!session || !waits) return further;
  const entry = entryOf(session.id);
  if (entry?.packet || (entry && canSeal(entry))) return further;
  const closed = after(further, 'closed-by-restore', { state: 'abandoned' });
  return { ...closed, revision: further.revision + 1 };
}

/** What is here stays; an owner who was expected there is expected here too, unless another one is. */
export const mergePlatform = (local: PlatformRecord | undefined, incoming: PlatformRecord): PlatformRecord =>
  local ? (local.owner || !incoming.owner ? local : { ...local, owner: incoming.owner }) : incoming;
