// Whether the platform is the owner's, in one sentence: as its verified chain has it, never as somebody says.
import type { VerdictWords } from '../platforms/chain-verdict.ts';
import type { PlatformRecord } from '../platforms/platform-record.ts';
import { ownership as say } from '../strings/ownership.ts';
import type { OwnerKeyFacts } from '../vault/owner-keys.ts';

interface Standing {
  readonly platform: PlatformRecord;
  readonly owned: boolean;
  readonly owner: OwnerKeyFacts | undefined;
  readonly simulated: boolean;
}

/** Green only where the proof leads to AMD. */
export function ownershipVerdict({ platform, owned, owner, simulated }: Standing): VerdictWords {
  if (!owned || !owner) {
    const { notOwned, notOwnedReason: reason, notOwnedNext: next } = say;
    return { tone: 'attention', sentence: notOwned(platform.name), reason, next };
  }
  return {
    tone: simulated ? 'simulated' : 'proven',
    sentence: say.owned(platform.name),
    reason: say.ownedReason(owner.name),
    next: say.ownedNext,
  };
}
