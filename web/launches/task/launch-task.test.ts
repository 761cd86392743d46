// A launch in every state that a record can be in: what each step makes of it, and what it leaves alone.
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../shared/sev/decide/decision.ts';
import { LaunchIn, outcomeOf, REPORTED, STATES } from '../testing/launch-in.svelte.ts';
import type { LaunchTask } from './launch-task.svelte.ts';

const CONFLICT = 'VAULT_CONFLICT';
const UNMEASURED = 'MEASURE_NOT_VERIFIED';
type Row = readonly [(task: LaunchTask) => Promise<unknown>, Decision['kind'], readonly string[]];

/** By step: what the vault decides, and what each state becomes, in the order of STATES. */
const TABLE: Readonly<Record<string, Row>> = {
  makeSession: [
    (task) => task.makeSession(),
    'release',
    ['session', 'session', 'launched', 'mismatch', 'verified', 'released', 'running', 'abandoned'],
  ],
  'takeReport, which matches': [
    (task) => task.takeReport(REPORTED),
    'release',
    [CONFLICT, 'verified', 'verified', 'verified', CONFLICT, CONFLICT, CONFLICT, CONFLICT],
  ],
  'takeReport, which does not match': [
    (task) => task.takeReport(REPORTED),
    'withhold',
    [CONFLICT, 'mismatch', 'mismatch', 'mismatch', CONFLICT, CONFLICT, CONFLICT, CONFLICT],
  ],
  'judge, with a match': [
    (task) => task.judge(),
    'release',
    [UNMEASURED, UNMEASURED, 'verified', 'verified', 'verified', 'released', 'running', 'abandoned'],
  ],
  'judge, without a match': [
    (task) => task.judge(),
    'withhold',
    [UNMEASURED, UNMEASURED, 'mismatch', 'mismatch', 'mismatch', 'released', 'running', 'abandoned'],
  ],
  rename: [(task) => task.rename('another'), 'release', STATES],
  tick: [(task) => task.tick('sev-active', true), 'release', STATES],
  abandon: [(task) => task.abandon(), 'release', STATES.map(() => 'abandoned')],
};

describe.each(Object.entries(TABLE))('%s', (_, [step, verdict, outcomes]) => {
  it.each(STATES.map((state, i) => [state, outcomes[i]!] as const))(
    'of a launch that is %s: %s',
    async (state, outcome) => {
      const launch = new LaunchIn(state);
      launch.verdict = verdict;
      expect(await outcomeOf(launch, step)).toBe(outcome);
    },
  );
});

describe('a launch', () => {
  it('is not there before its record was read', async () => {
    const launch = new LaunchIn('session');
    expect(launch.task.opened).toBe(false);
    await launch.task.open();
    expect(launch.task.opened).toBe(true);
  });

  it('makes one session, whoever asks', async () => {
    const launch = new LaunchIn('platform');
    await launch.task.makeSession();
    await launch.task.makeSession();
    expect(launch.asked).toEqual(['vault.makeSession']);
    expect(launch.events).toEqual(['session-made']);
  });

  it('without a session stays where it was when the vault refuses one', async () => {
    const launch = new LaunchIn('platform');
    launch.refusals.makeSession = 'VAULT_LOCKED';
    expect(await outcomeOf(launch, (task) => task.makeSession())).toBe('VAULT_LOCKED');
    expect(launch.record.session).toBeUndefined();
  });

  it('takes the guest that came with a report, and never another in its place', async () => {
    const fresh = new LaunchIn('session');
    await fresh.task.takeReport({ ...REPORTED, guest: 'by hand' });
    expect(fresh.record.guest).toEqual({ id: 'by hand', name: 'by hand' });
    const known = new LaunchIn('launched');
    await known.task.takeReport({ ...REPORTED, guest: 'by hand' });
    expect(known.record.guest?.id).toBe('launcher:demo-1');
  });

  it.each([
    ['launched', 'VAULT_MISSING_KEY'],
    ['verified', 'VAULT_MISSING_KEY'],
    ['released', 'released'],
    ['running', 'running'],
    ['abandoned', 'abandoned'],
  ] as const)('whose keys are gone, and which is %s: %s', async (state, outcome) => {
    const launch = new LaunchIn(state);
    launch.refusals.judge = 'VAULT_MISSING_KEY';
    expect(await outcomeOf(launch, (task) => task.judge())).toBe(outcome);
    expect(launch.task.toBeJudged).toBe(false);
  });

  it.each([
    ['platform', false],
    ['session', true],
    ['verified', true],
    ['running', false],
  ] as const)('that is given up while %s ends its session: %s', async (state, retired) => {
    const launch = new LaunchIn(state);
    await launch.task.abandon();
    expect(launch.asked.includes('vault.retire')).toBe(retired);
  });

  it('is judged anew after a reload as long as there is something to judge', () => {
    const due = STATES.filter((state) => new LaunchIn(state).task.toBeJudged);
    expect(due).toEqual(['launched', 'mismatch', 'verified', 'released', 'running']);
  });

  it('notes once that its guest was looked into, whatever is ticked afterwards', async () => {
    const launch = new LaunchIn('running');
    for (const id of ['sev-active', 'disk-open', 'secret-listed'] as const) await launch.task.tick(id, true);
    await launch.task.tick('disk-open', false);
    expect(launch.events).toEqual(['checked-inside']);
    expect(launch.record.finalChecks).toEqual(['sev-active', 'secret-listed']);
  });

  it('keeps its name where another one is empty', async () => {
    const launch = new LaunchIn('session');
    await launch.task.rename('   ');
    expect(launch.record.name).toBe('my guest');
  });
});
