// The secret of a launch in every state that a record can be in, and with every way in which its release can end.
import { describe, expect, it } from 'vitest';
import { toUtf8 } from '../../../../shared/bytes/text.ts';
import { LUKS_PASSPHRASE_GUID } from '../../../../shared/guest/known-secrets.ts';
import type { LaunchTask } from '../../task/launch-task.svelte.ts';
import { LaunchIn, outcomeOf, PACKET, STATES } from '../../testing/launch-in.svelte.ts';

const TYPED = { text: 'correct horse', endsWithNul: true } as const;
const release = (task: LaunchTask): Promise<unknown> => task.secret.release(TYPED);
const CONFLICT = 'VAULT_CONFLICT';

const TABLE: Readonly<Record<string, readonly [(task: LaunchTask) => Promise<unknown>, readonly string[]]>> = {
  release: [release, [CONFLICT, CONFLICT, CONFLICT, CONFLICT, 'released', CONFLICT, CONFLICT, CONFLICT]],
  sendAgain: [
    (task) => task.secret.sendAgain(),
    [CONFLICT, CONFLICT, CONFLICT, CONFLICT, 'released', CONFLICT, CONFLICT, CONFLICT],
  ],
  noteReleased: [
    (task) => task.secret.noteReleased(),
    [CONFLICT, CONFLICT, CONFLICT, CONFLICT, 'released', CONFLICT, CONFLICT, CONFLICT],
  ],
};

describe.each(Object.entries(TABLE))('%s', (_, [step, outcomes]) => {
  it.each(STATES.map((state, i) => [state, outcomes[i]!] as const))(
    'of a launch that is %s: %s',
    async (state, outcome) => {
      const launch = new LaunchIn(state);
      expect(await outcomeOf(launch, step)).toBe(outcome);
      if (outcome === CONFLICT) expect(launch.asked, 'nothing was sealed or sent').toEqual([]);
    },
  );
});

describe('a secret', () => {
  it('is sealed for the launch, noted, and only then sent', async () => {
    const launch = new LaunchIn('verified');
    await release(launch.task);
    expect(launch.asked).toEqual(['vault.seal', 'guest.inject']);
    expect(launch.events).toEqual(['sealed', 'released']);
    expect(launch.sealed[0]?.copy).toEqual({ guid: LUKS_PASSPHRASE_GUID, data: toUtf8('correct horse\0') });
  });

  it('goes without the byte 0 where the guest does not read it by GRUB', async () => {
    const launch = new LaunchIn('verified');
    await launch.task.secret.release({ ...TYPED, endsWithNul: false });
    expect(launch.sealed[0]?.copy).toMatchObject({ data: toUtf8('correct horse') });
  });

  it.each([
    ['sealed and sent', () => undefined],
    ['refused by the vault', (launch: LaunchIn) => void (launch.refusals.seal = 'MEASURE_NOT_VERIFIED')],
    ['sent, and its answer lost', (launch: LaunchIn) => void (launch.answers['guest.inject'] = 'RELAY_LOST')],
    ['sent, and nobody knows', (launch: LaunchIn) => void (launch.answers['guest.inject'] = 'RELAY_INJECT_UNKNOWN')],
  ])('that was typed is overwritten when it was %s', async (_, prepare) => {
    const launch = new LaunchIn('verified');
    prepare(launch);
    await release(launch.task);
    const { data } = launch.sealed[0]!.given as { data: Uint8Array };
    expect(data.length).toBe(14);
    expect(data.every((byte) => byte === 0)).toBe(true);
  });

  it('that was refused leaves no trace in the record', async () => {
    const launch = new LaunchIn('verified');
    launch.refusals.seal = 'MEASURE_NOT_VERIFIED';
    expect(await outcomeOf(launch, release)).toBe('MEASURE_NOT_VERIFIED');
    expect(launch.events).toEqual([]);
    expect(launch.task.secret.sealed).toBe(false);
  });

  it('whose answer was lost is sealed, and the same packet can be sent again', async () => {
    const launch = new LaunchIn('verified');
    launch.answers['guest.inject'] = 'RELAY_LOST';
    expect(await outcomeOf(launch, release)).toBe('RELAY_LOST');
    expect([launch.task.secret.sealed, launch.task.secret.arrivalUnknown]).toEqual([true, false]);
    expect(await launch.task.secret.packet()).toBe(PACKET);
    launch.answers['guest.inject'] = {};
    expect(await outcomeOf(launch, (task) => task.secret.sendAgain())).toBe('released');
    expect(launch.asked).toEqual(['vault.seal', 'guest.inject', 'guest.inject']);
  });

  it('of which nobody knows whether it arrived is told as such, and is no failure', async () => {
    const launch = new LaunchIn('verified');
    launch.answers['guest.inject'] = 'RELAY_INJECT_UNKNOWN';
    expect(await outcomeOf(launch, release)).toBe('verified');
    expect(launch.events).toEqual(['sealed', 'inject-unknown']);
    expect(launch.task.secret.arrivalUnknown).toBe(true);
  });

  it('is only sealed where it goes by hand', async () => {
    const launch = new LaunchIn('verified');
    launch.hasRelay = false;
    expect(await outcomeOf(launch, release)).toBe('verified');
    expect(launch.asked).toEqual(['vault.seal']);
    expect(await outcomeOf(launch, (task) => task.secret.noteReleased())).toBe('released');
  });

  it('that is gone from the vault cannot be sent again', async () => {
    const launch = new LaunchIn('verified');
    launch.packet = undefined;
    expect(await outcomeOf(launch, (task) => task.secret.sendAgain())).toBe('VAULT_MISSING_KEY');
  });
});

describe('a secret that is to be kept', () => {
  const kept = { ...TYPED, keepAs: 'disk of web' } as const;

  it('is kept first, and released as the one that is kept', async () => {
    const launch = new LaunchIn('verified');
    expect(await launch.task.secret.release(kept)).toBe('kept');
    expect(launch.asked).toEqual(['secrets.keep', 'vault.seal', 'guest.inject']);
    expect(launch.sealed[0]?.copy).toEqual({ storedId: 'kept' });
  });

  it('and could not be is not released either', async () => {
    const launch = new LaunchIn('verified');
    launch.refusals.keep = 'VAULT_STORAGE';
    expect(await outcomeOf(launch, (task) => task.secret.release(kept))).toBe('VAULT_STORAGE');
    expect(launch.asked).toEqual(['secrets.keep']);
  });

  it('and was, is named even where its release was refused', async () => {
    const launch = new LaunchIn('verified');
    launch.refusals.seal = 'VAULT_BUSY';
    expect(await launch.task.secret.release(kept)).toBe('kept');
    expect(launch.task.error).toMatchObject({ code: 'VAULT_BUSY' });
  });

  it('or was kept before, is sealed by its name alone', async () => {
    const launch = new LaunchIn('verified');
    expect(await launch.task.secret.release({ storedId: 'earlier' })).toBe('earlier');
    expect(launch.sealed[0]?.copy).toEqual({ storedId: 'earlier' });
  });
});
