// Whether the platform is the owner's, in one sentence: as its verified chain has it, never as somebody says.
import type { VerdictWords } from '../platforms/chain-verdict.ts';
import type { PlatformRecord } from '../platforms/platform-record.ts';
import { ownership as say } from '../strings/ownership.ts';
import type { OwnerKeyFacts } from '../vault/owner-keys.ts';

interface Standing {
  readonly platform: PlatformRecord;
  readonly owned: boolean;
  readonly owner: Pick<OwnerKeyFacts, 'name'> | undefined;
  readonly simulated: boolean;
  /** The operator may still be about to allow the import. */
  readonly waiting: boolean;
}

/** After an import whose answer never came, until a chain tells. */
export const unknownVerdict: VerdictWords = {
  tone: 'attention',
  sentence: say.importUnknown,
  reason: say.importUnknownReason,
  next: say.importUnknownNext,
};

/** Green only where the proof leads to AMD. */
export function ownershipVerdict({ platform, owned, owner, simulated, waiting }: Standing): VerdictWords {
  if (!owned || !owner) {
    const { notOwned, notOwnedReason, notOwnedNext, notYetReason, notYetNext } = say;
    const [reason, next] = waiting ? [notYetReason, notYetNext] : [notOwnedReason, notOwnedNext];
    return { tone: 'attention', sentence: notOwned(platform.name), reason, next };
  }
  return {
    tone: simulated ? 'simulated' : 'proven',
    sentence: say.owned(platform.name),
    reason: say.ownedReason(owner.name),
    next: say.ownedNext,
  };
}
