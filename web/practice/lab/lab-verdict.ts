// The outcome of a launch in the tamper lab as one sentence. It follows from what the checks said, and from nothing else.
import type { VerdictWords } from '../../platforms/chain-verdict.ts';
import { lab as say } from '../../strings/lab.ts';
import type { LieName } from './lie-names.ts';
import type { Outcome } from './outcome.ts';

export function verdictOf(name: LieName, outcome: Outcome): VerdictWords {
  if (outcome.kind === 'caught') {
    const [first] = outcome.refusals;
    return { tone: 'refused', word: say.caughtWord, sentence: say.caught, reason: first?.sentence, next: first?.next };
  }
  if (name === 'honest' && outcome.simulated) return { tone: 'simulated', sentence: say.honest };
  return { tone: 'attention', word: say.notCaughtWord, sentence: say.notCaught };
}
