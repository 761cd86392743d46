// The six steps of a launch, and where a record stands on them.
import { happened, type LaunchRecord, type LaunchState } from './launch-record.ts';
import type { StepName } from './launch-words.ts';

export type { StepName } from './launch-words.ts';
export type StepStatus = 'done' | 'current' | 'ahead' | 'failed';

export interface Step {
  readonly name: StepName;
  readonly status: StepStatus;
}

const STEPS: readonly StepName[] = ['platform', 'session', 'launch', 'verdict', 'release', 'run'];

const CURRENT: Readonly<Record<Exclude<LaunchState, 'abandoned'>, StepName | 'none'>> = {
  platform: 'session',
  session: 'launch',
  launched: 'verdict',
  mismatch: 'verdict',
  verified: 'release',
  released: 'run',
  running: 'none',
};

export function stepsOf(record: LaunchRecord): readonly Step[] {
  if (record.state === 'abandoned') return STEPS.map((name) => ({ name, status: wasDone(record, name) }));
  const current = CURRENT[record.state];
  const at = current === 'none' ? STEPS.length : STEPS.indexOf(current);
  const now = record.state === 'mismatch' ? 'failed' : 'current';
  return STEPS.map((name, i) => ({ name, status: i < at ? 'done' : i === at ? now : 'ahead' }));
}

function wasDone(record: LaunchRecord, name: StepName): StepStatus {
  const event = {
    session: 'session-made',
    launch: 'launched',
    verdict: 'verified',
    release: 'released',
    run: 'running',
  } as const;
  return name === 'platform' || happened(record, event[name]) ? 'done' : 'ahead';
}
