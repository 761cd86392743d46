// The one sentence that says what the courier of a platform owner does now, and why.
import { carryOwnership as say } from '../strings/carry-ownership.ts';
import type { OwnershipCourierTask } from './ownership-courier-task.svelte.ts';

interface Said {
  readonly sentence: string;
  readonly reason: string;
}

export function sayWhereOwnership(task: OwnershipCourierTask): Said {
  switch (task.at) {
    case 'chain':
      return { sentence: say.chainSentence, reason: say.chainReason };
    case 'request':
      return { sentence: say.requestSentence, reason: say.requestReason };
    case 'signed':
      return task.signed
        ? { sentence: say.importSentence, reason: say.importReason }
        : { sentence: say.signedSentence, reason: say.signedReason };
    case 'proof':
      return sayProof(task);
  }
}

function sayProof({ imported, proof, signed }: OwnershipCourierTask): Said {
  if (imported === 'not-taken') return { sentence: say.notSentence, reason: say.notReason };
  if (imported === 'asked' && proof) return { sentence: say.notYetSentence, reason: say.notYetReason };
  if (imported === 'asked') return { sentence: say.unknownSentence, reason: say.unknownReason };
  return { sentence: say.proofSentence, reason: signed ? say.proofReason : say.proofPlainReason };
}
