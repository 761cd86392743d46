// Where a launch stands, in one sentence: what happened, whether it is safe, and what is next.
import type { Decision } from '../../../shared/sev/decide/decision.ts';
import type { VerdictWords } from '../../platforms/chain-verdict.ts';
import { words } from '../../strings/index.ts';
import { arrivalUnknown, foundInside } from '../sev/release/final-check.ts';
import { happened, type LaunchRecord } from './launch-record.ts';

interface Standing {
  readonly record: LaunchRecord;
  readonly decision: Decision | undefined;
  readonly simulated: boolean;
  readonly sealed: boolean;
  /** Nothing is worked out before the keys are open. */
  readonly locked?: boolean;
  /** The packet goes to the host by the relay; else by hand. */
  readonly relayed: boolean;
  /** From 1 to 6. */
  readonly stepNumber: number;
}

const { launch } = words;

export function launchVerdict(standing: Standing): VerdictWords {
  const { record, sealed, stepNumber } = standing;
  const word = launch.stepOf(stepNumber);
  switch (record.state) {
    case 'platform':
      return { tone: 'note', word, sentence: launch.chooseSentence, reason: launch.chooseReason };
    case 'session':
      return { tone: 'note', word, sentence: launch.readySentence, reason: launch.readyReason };
    case 'launched':
      return { tone: 'waiting', sentence: launch.waitingSentence, reason: launch.waitingReason };
    case 'verified':
      if (sealed && arrivalUnknown(record)) return unknownArrival();
      return sealed ? sealedPacket(standing) : match(standing);
    case 'mismatch':
      return mismatch(standing);
    case 'released':
      return hostsWord(standing, launch.releasedSentence, launch.releasedReason);
    case 'running':
      return running(standing);
    case 'abandoned':
      return { tone: 'note', sentence: launch.abandonedSentence, reason: launch.abandonedReason };
  }
}

/** Green only where the proof leads to AMD. */
const proven = ({ simulated }: Standing, sentence: string, reason: string): VerdictWords => ({
  tone: simulated ? 'simulated' : 'proven',
  sentence,
  reason,
});

/** Said by the host or by a person, and proven by nothing. */
const hostsWord = ({ simulated }: Standing, sentence: string, reason: string, next?: string): VerdictWords => ({
  ...(simulated ? { tone: 'simulated' } : { tone: 'unchecked', word: launch.hostsWord }),
  sentence,
  reason,
  next,
});

const unknownArrival = (): VerdictWords => ({
  tone: 'attention',
  sentence: launch.unknownArrival,
  reason: launch.unknownArrivalReason,
  next: launch.unknownArrivalNext,
});

const sealedPacket = ({ relayed }: Standing): VerdictWords => ({
  tone: 'attention',
  sentence: relayed ? launch.sealedSentence : launch.sealedByHand,
  reason: launch.sealedReason,
});

function match(standing: Standing): VerdictWords {
  if (standing.decision?.kind !== 'release')
    return { tone: 'waiting', sentence: standing.locked ? launch.lockedSentence : launch.judging };
  return proven(standing, standing.simulated ? launch.matchSimulated : launch.matchSentence, launch.matchReason);
}

function mismatch({ decision }: Standing): VerdictWords {
  const found = (grave: 'refused' | 'unchecked') => decision?.findings.find(({ severity }) => severity === grave);
  const first = found('refused') ?? found('unchecked');
  const told = { reason: first?.sentence, next: first?.next };
  if (first?.code === 'MEASURE_POLICY_CHANGED') return { tone: 'refused', sentence: launch.policySentence, ...told };
  if (first && first.code !== 'MEASURE_MISMATCH')
    return { tone: 'refused', sentence: launch.withheldSentence, ...told };
  return { tone: 'refused', sentence: launch.mismatchSentence, ...told };
}

function running(standing: Standing): VerdictWords {
  const { guestState } = standing.record;
  if (guestState === 'gone' || guestState === 'shutdown') {
    return { tone: 'note', sentence: launch.endedSentence, reason: launch.endedReason };
  }
  if (happened(standing.record, 'running-without')) {
    return hostsWord(standing, launch.runWithoutSentence, launch.runWithoutReason);
  }
  if (foundInside(standing.record)) {
    const tone = standing.simulated ? 'simulated' : 'note';
    return { tone, word: launch.foundWord, sentence: launch.foundSentence, reason: launch.foundReason };
  }
  if (arrivalUnknown(standing.record)) {
    return {
      ...unknownArrival(),
      sentence: launch.runningUnknown,
      reason: launch.runningReason,
      next: launch.runningNext,
    };
  }
  const sentence = standing.simulated ? launch.runningSimulated : launch.runningSentence;
  return hostsWord(standing, sentence, launch.runningReason, launch.runningNext);
}
