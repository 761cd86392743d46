// What the host's side of a launch does in every state that a record can be in, also where another tab has gone on.
import { describe, expect, it } from 'vitest';
import type { Guest, Profile } from '../../../../shared/relay-protocol.ts';
import type { LaunchState } from '../../record/launch-record.ts';
import type { LaunchTask } from '../../task/launch-task.svelte.ts';
import { GUEST, LaunchIn, outcomeOf, STATES } from '../../testing/launch-in.svelte.ts';

const PROFILE = { name: 'demo' } as Profile;
const OTHER: Guest = { id: 'qmp:other', name: 'other', backend: 'qmp', state: 'prelaunch' };

type Step = (task: LaunchTask) => Promise<unknown>;
const CONFLICT = 'VAULT_CONFLICT';
const NO_GUEST = 'RELAY_NO_GUEST';

/** By step: what each state becomes, in the order of STATES; the vault releases. */
const TABLE: Readonly<Record<string, readonly [Step, readonly string[]]>> = {
  launch: [
    (task) => task.host.launch(PROFILE),
    ['MEASURE_NOT_VERIFIED', 'verified', CONFLICT, CONFLICT, CONFLICT, CONFLICT, CONFLICT, CONFLICT],
  ],
  attach: [
    (task) => task.host.attach(OTHER),
    [CONFLICT, 'verified', CONFLICT, CONFLICT, CONFLICT, CONFLICT, CONFLICT, CONFLICT],
  ],
  askMeasurement: [
    (task) => task.host.askMeasurement(),
    [NO_GUEST, NO_GUEST, 'verified', 'verified', 'verified', 'released', 'running', 'abandoned'],
  ],
  resume: [
    (task) => task.host.resume(),
    [CONFLICT, CONFLICT, CONFLICT, CONFLICT, CONFLICT, 'running', CONFLICT, CONFLICT],
  ],
  runWithout: [
    (task) => task.host.runWithout(),
    [CONFLICT, CONFLICT, CONFLICT, CONFLICT, 'running', CONFLICT, CONFLICT, CONFLICT],
  ],
  noteRunning: [
    (task) => task.host.noteRunning(),
    ['platform', 'session', 'launched', 'mismatch', 'verified', 'running', 'running', 'abandoned'],
  ],
  destroy: [(task) => task.host.destroy(), STATES],
  'the guest runs': [
    (task) => task.host.guestChanged(GUEST.id, 'running'),
    ['platform', 'session', 'launched', 'mismatch', 'verified', 'running', 'running', 'abandoned'],
  ],
  'the guest is gone': [(task) => task.host.guestChanged(GUEST.id, 'gone'), STATES],
  'another guest runs': [(task) => task.host.guestChanged('qmp:other', 'running'), STATES],
};

describe.each(Object.entries(TABLE))('%s', (_, [step, outcomes]) => {
  it.each(STATES.map((state, i) => [state, outcomes[i]!] as const))(
    'of a launch that is %s: %s',
    async (state, outcome) => {
      expect(await outcomeOf(new LaunchIn(state), step)).toBe(outcome);
    },
  );
});

describe('the host', () => {
  it.each<[string, Step, LaunchState]>([
    ['launch', (task) => task.host.launch(PROFILE), 'launched'],
    ['attach', (task) => task.host.attach(OTHER), 'session'],
    ['resume', (task) => task.host.resume(), 'verified'],
    ['resume', (task) => task.host.resume(), 'mismatch'],
    ['runWithout', (task) => task.host.runWithout(), 'mismatch'],
  ])('is asked nothing by %s where it may not be', async (_, step, state) => {
    const launch = new LaunchIn(state, state === 'session' ? { state: 'launched' } : {});
    await outcomeOf(launch, step);
    expect(launch.asked).toEqual([]);
    expect(launch.events).toEqual([]);
  });

  it('is asked to launch only once that was noted, so that a lost answer is no lost guest', async () => {
    const launch = new LaunchIn('session');
    launch.answers['guest.launch'] = 'RELAY_LOST';
    expect(await outcomeOf(launch, (task) => task.host.launch(PROFILE))).toBe('RELAY_LOST');
    expect(launch.events).toEqual(['launch-asked']);
    expect(launch.task.host.launchLost).toBe(true);
  });

  it('that launched and cannot measure leaves a launch that is attached and unjudged', async () => {
    const launch = new LaunchIn('session');
    launch.answers['guest.measurement'] = 'RELAY_GUEST_STATE';
    const outcome = await outcomeOf(launch, (task) => task.host.launch(PROFILE));
    expect(outcome).toBe('RELAY_GUEST_STATE, then launched');
    expect(launch.record.guest?.id).toBe(GUEST.id);
    expect(launch.asked).not.toContain('vault.judge');
  });

  it('whose launch does not match is at a mismatch, and nothing is released there', async () => {
    const launch = new LaunchIn('session');
    launch.verdict = 'withhold';
    expect(await outcomeOf(launch, (task) => task.host.launch(PROFILE))).toBe('mismatch');
    expect(launch.asked).toEqual(['guest.launch', 'guest.measurement', 'vault.judge']);
  });

  it('continues a guest without a secret only after its session has ended', async () => {
    const launch = new LaunchIn('verified');
    await launch.task.host.runWithout();
    expect(launch.asked).toEqual(['vault.retire', 'guest.resume']);
    expect(launch.events).toEqual(['running-without']);
  });

  it('whose packet may or may not have arrived may be told to go on', async () => {
    const history = [{ at: 1, event: 'sealed' } as const, { at: 1, event: 'inject-unknown' } as const];
    const launch = new LaunchIn('verified', { history });
    expect(await outcomeOf(launch, (task) => task.host.resume())).toBe('running');
  });

  it('no longer has the guest: that is noted once', async () => {
    const launch = new LaunchIn('launched');
    launch.answers['guest.list'] = [];
    await launch.task.host.lookAtGuest();
    await launch.task.host.lookAtGuest();
    expect(launch.record.guestState).toBe('gone');
    expect(launch.events).toEqual(['guest-ended']);
  });

  it.each(['RELAY_NOT_ALLOWED', 'RELAY_METHOD'] as const)(
    'without a launcher (%s) offers no profiles',
    async (code) => {
      const launch = new LaunchIn('session');
      launch.answers['guest.profiles'] = code;
      await launch.task.host.lookAtHost();
      expect(launch.task.error).toBeUndefined();
      expect(launch.task.host.profiles).toEqual([]);
      expect(launch.task.host.guests).toHaveLength(1);
    },
  );

  it('that is not there is said so, by every step that needs it', async () => {
    const steps: Step[] = [
      (task) => task.host.launch(PROFILE),
      (task) => task.host.attach(OTHER),
      (task) => task.host.askMeasurement(),
      (task) => task.host.resume(),
      (task) => task.host.runWithout(),
      (task) => task.host.destroy(),
      (task) => task.host.askConfiguration(),
    ];
    for (const step of steps) {
      const launch = new LaunchIn('launched');
      launch.hasRelay = false;
      expect(await outcomeOf(launch, async (task) => step(task))).toBe('RELAY_LOST');
    }
  });
});
