import { chmodSync, renameSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SevError } from '../../shared/errors.ts';
import { InjectionLedger } from './ledger.ts';
import { deferred, temporaryFolder } from '../testing/testing.ts';

const LAUNCH = new Uint8Array(48).fill(1);
const OTHER_LAUNCH = new Uint8Array(48).fill(2);
const PACKET = { header: new Uint8Array(52), secret: new Uint8Array(16).fill(3) };
const OTHER_PACKET = { header: new Uint8Array(52), secret: new Uint8Array(16).fill(4) };

function ledgers() {
  const state = { path: temporaryFolder(), close: () => undefined };
  let injected = 0;
  const inject = (): Promise<void> => Promise.resolve(void injected++);
  return { state, open: (now?: number) => new InjectionLedger(state, now), inject, count: () => injected };
}

const fails = (code: ConstructorParameters<typeof SevError>[0]) => () => Promise.reject(new SevError(code));

describe('a launch', () => {
  it('gets its packet once, and the same answer when the same packet is given again', async () => {
    const { open, inject, count } = ledgers();
    const ledger = open();
    await ledger.once(LAUNCH, PACKET, inject);
    await ledger.once(LAUNCH, PACKET, inject);
    await open().once(LAUNCH, PACKET, inject);
    expect(count()).toBe(1);
  });

  it.each([
    ['other content', OTHER_PACKET],
    ['another place', { ...PACKET, gpa: 4096 }],
  ])('never gets a second packet with %s', async (_, second) => {
    const { open, inject, count } = ledgers();
    await open().once(LAUNCH, PACKET, inject);
    await expect(open().once(LAUNCH, second, inject)).rejects.toThrow('already given a secret');
    expect(count()).toBe(1);
  });

  it("does not stand in another launch's way", async () => {
    const { open, inject, count } = ledgers();
    await open().once(LAUNCH, PACKET, inject);
    await open().once(OTHER_LAUNCH, OTHER_PACKET, inject);
    expect(count()).toBe(2);
  });

  it.each(['AMDSP_BAD_MEASUREMENT', 'MEASURE_IMAGE', 'RELAY_QMP_BUSY', 'BYTES_ENCODING'] as const)(
    'that refused its packet with %s may be given another',
    async (code) => {
      const { open, inject, count } = ledgers();
      const ledger = open();
      await expect(ledger.once(LAUNCH, PACKET, fails(code))).rejects.toThrow(code);
      await ledger.once(LAUNCH, OTHER_PACKET, inject);
      expect(count()).toBe(1);
    },
  );

  it.each(['RELAY_QMP_GONE', 'RELAY_TIMEOUT', 'RELAY_INTERNAL', 'AMDSP_UNKNOWN'] as const)(
    'whose injection ended with %s',
    async (code) => {
      const { open, inject, count } = ledgers();
      await expect(open().once(LAUNCH, PACKET, fails(code))).rejects.toThrow(code);
      const again = open().once(LAUNCH, PACKET, inject);
      // A status from the AMD-SP, known or not, is an answer; silence is none.
      if (code === 'AMDSP_UNKNOWN') await again;
      else await expect(again).rejects.toThrow('RELAY_INJECT_UNKNOWN');
      expect(count()).toBe(code === 'AMDSP_UNKNOWN' ? 1 : 0);
    },
  );

  it('whose relay died in the middle is never injected into again', async () => {
    const { open, inject, count } = ledgers();
    void open().once(LAUNCH, PACKET, () => new Promise(() => undefined));
    for (const packet of [PACKET, OTHER_PACKET]) {
      await expect(open().once(LAUNCH, packet, inject)).rejects.toThrow('RELAY_INJECT_UNKNOWN');
    }
    expect(count()).toBe(0);
  });

  it('takes one packet at a time', async () => {
    const { open, inject } = ledgers();
    const ledger = open();
    const slow = deferred<undefined>();
    const first = ledger.once(LAUNCH, PACKET, () => slow.promise);
    await expect(ledger.once(LAUNCH, PACKET, inject)).rejects.toThrow('just being injected');
    slow.resolve(undefined);
    await first;
  });
});

describe('the state folder', () => {
  it('holds digests only', async () => {
    const { state, open, inject } = ledgers();
    await open().once(LAUNCH, PACKET, inject);
    const folder = join(state.path, 'injections');
    const [name] = readdirSync(folder);
    expect(name).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(join(folder, name!), 'utf8')).toMatch(/^done [0-9a-f]{64}\n$/);
  });

  it('that cannot be written stops the injection before it begins', async () => {
    const { state, open, inject, count } = ledgers();
    const ledger = open();
    rmSync(join(state.path, 'injections'), { recursive: true });
    writeFileSync(join(state.path, 'injections'), 'in the way');
    await expect(ledger.once(LAUNCH, PACKET, inject)).rejects.toThrow('RELAY_STATE');
    expect(count()).toBe(0);
  });

  it('that fills up after the injection neither hides it nor repeats it', async () => {
    const { state, open, inject, count } = ledgers();
    const folder = join(state.path, 'injections');
    await open().once(LAUNCH, PACKET, () => {
      // As a full disk does, this leaves nothing to write to.
      renameSync(folder, `${folder}.away`);
      return inject();
    });
    renameSync(`${folder}.away`, folder);
    await expect(open().once(LAUNCH, PACKET, inject)).rejects.toThrow('RELAY_INJECT_UNKNOWN');
    expect(count()).toBe(1);
  });

  it('forgets after a month', async () => {
    const { state, open, inject, count } = ledgers();
    await open().once(LAUNCH, PACKET, inject);
    const folder = join(state.path, 'injections');
    const path = join(folder, readdirSync(folder)[0]!);
    utimesSync(path, 0, 0);
    chmodSync(path, 0o600);
    await open(32 * 24 * 3600 * 1000).once(LAUNCH, OTHER_PACKET, inject);
    expect(count()).toBe(2);
  });
});
