import { describe, expect, it } from 'vitest';
import { finalChecks, foundInside } from '../sev/release/final-check.ts';
import type { LaunchEvent, LaunchRecord, LaunchState } from './launch-record.ts';
import { launchVerdict } from './launch-verdict.ts';

const record = (state: LaunchState, events: readonly LaunchEvent[], more: Partial<LaunchRecord> = {}): LaunchRecord =>
  ({ state, plan: { policy: 1 }, history: events.map((event) => ({ at: 0, event })), ...more }) as LaunchRecord;

const said = (launch: LaunchRecord, simulated = false) =>
  launchVerdict({
    record: launch,
    decision: undefined,
    simulated,
    sealed: launch.state === 'verified',
    relayed: true,
    stepNumber: 6,
  });

const ONCE_RUNNING = ['sealed', 'released', 'running'] as const;

describe('the verdict on a launch', () => {
  it.each([
    ['released', ['sealed', 'released'], 'The host says that it took the secret. Let it run.'],
    ['running', ONCE_RUNNING, 'The host says that the guest runs. Look inside.'],
    ['running', ['running-without'], 'The guest is running. No secret was released.'],
    ['running', ['sealed', 'inject-unknown', 'running'], 'The guest runs. Nobody knows whether it has the secret.'],
    ['verified', ['sealed', 'inject-unknown'], 'Nobody knows whether the secret arrived.'],
    ['verified', ['sealed'], 'The secret is sealed, but nobody confirmed that it arrived.'],
  ] as const)('is never green on the word of the host: %s after %j', (state, events, sentence) => {
    const verdict = said(record(state, events));
    expect(verdict.sentence).toBe(sentence);
    expect(verdict.tone).not.toBe('proven');
    expect(verdict.reason).toBeTruthy();
  });

  it('does not say that it compares while the keys are locked', () => {
    const verified = { record: record('verified', []), decision: undefined, simulated: false, sealed: false };
    const [open, locked] = [false, true].map((keys) =>
      launchVerdict({ ...verified, relayed: true, stepNumber: 5, locked: keys }),
    );
    expect(open?.sentence).toBe('Comparing the measurement with what you expect…');
    expect(locked).toEqual({ tone: 'waiting', sentence: 'Unlock the keys: the verdict is then worked out anew.' });
  });

  it('says what the guest owner found inside, and that they found it', () => {
    const found = record('running', ONCE_RUNNING, { finalChecks: ['sev-active', 'disk-open'] });
    expect(said(found)).toMatchObject({ tone: 'note', word: 'Checked by you' });
  });
});

describe('the last check', () => {
  it.each([
    [[], false],
    [['sev-active'], false],
    [['disk-open', 'secret-listed'], false],
    [['secret-listed', 'sev-active'], true],
  ] as const)('is made by %j: %s', (ticked, made) => {
    expect(foundInside({ finalChecks: ticked })).toBe(made);
  });

  it('looks for SEV-ES where the policy asks for it', () => {
    const detail = (policy: number) => finalChecks(record('running', [], { plan: { policy } as never }))[0]?.detail;
    expect(detail(1)).not.toContain('SEV-ES');
    expect(detail(5)).toContain('SEV-ES');
  });
});
