import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/testing.ts';
import { addPairing, DAY_MS, DEFAULT_DAYS, firstCodeOf, PairingGate, readPairings, revokePairing } from './pairing.ts';

const folder = () => ({ path: temporaryFolder(), close: () => undefined });
const OWN = { guests: 'own', ownership: false } as const;
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'in';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the first pairing code', () => {
  it('is made once, for this user only', () => {
    const state = folder();
    const code = firstCodeOf(state, 0);
    expect(code).toMatch(/^[0-9a-z]{4}(-[0-9a-z]{4}){3}$/);
    expect(firstCodeOf(state, 1)).toBe(code);
    for (const name of ['pairing-code', 'pairings.json'])
      expect(statSync(join(state.path, name)).mode & 0o777).toBe(0o600);
  });

  it('of a relay that knew no list is taken over', () => {
    const state = folder();
    writeFileSync(join(state.path, 'pairing-code'), '0000-1111-2222-3333\n', { mode: 0o600 });
    expect(firstCodeOf(state, 0)).toBe('0000-1111-2222-3333');
    expect(new PairingGate(state, 'x', () => 0).admit('0000 1111 2222 3333').name).toBe('first');
  });

  it.each(['', 'short\n', 'aaaa-bbbb-cccc-ilou\n'])('that is no code (%j) is replaced', (content) => {
    const state = folder();
    writeFileSync(join(state.path, 'pairing-code'), content, { mode: 0o600 });
    const code = firstCodeOf(state, 0);
    expect(readFileSync(join(state.path, 'pairing-code'), 'utf8')).toBe(`${code}\n`);
    expect(code).not.toBe(content.trim());
  });

  it('is made anew once it has expired, or was revoked', () => {
    const state = folder();
    const first = firstCodeOf(state, 0);
    const second = firstCodeOf(state, DEFAULT_DAYS * DAY_MS);
    expect(second).not.toBe(first);
    revokePairing(state, 'first');
    expect(existsSync(join(state.path, 'pairing-code'))).toBe(false);
    expect(firstCodeOf(state, DEFAULT_DAYS * DAY_MS)).not.toBe(second);
  });
});

describe("an owner's code", () => {
  it('is kept as a digest alone', () => {
    const state = folder();
    const code = addPairing(state, { name: 'alice', scope: OWN }, 0);
    const kept = readFileSync(join(state.path, 'pairings.json'), 'utf8');
    expect(kept).not.toContain(code);
    expect(readPairings(state)).toMatchObject([{ name: 'alice', scope: OWN }]);
  });

  it('ends when it expires and when it is revoked, and no other with it', () => {
    const state = folder();
    let now = 0;
    const gate = new PairingGate(state, 'local code', () => now);
    const alice = addPairing(state, { name: 'alice', scope: OWN, expiresAt: 10 }, 0);
    const bob = addPairing(state, { name: 'bob', scope: OWN }, 0);
    const [a, b] = [gate.admit(alice), gate.admit(bob.toUpperCase().replaceAll('-', ' '))];
    expect([a.name, b.name]).toEqual(['alice', 'bob']);
    now = 10;
    expect([codeOf(() => gate.admit(alice)), gate.isGood(a), gate.isGood(b)]).toEqual(['RELAY_PAIRING', false, true]);
    revokePairing(state, 'bob');
    expect([codeOf(() => gate.admit(bob)), gate.isGood(b)]).toEqual(['RELAY_PAIRING', false]);
    expect(gate.admit('local-code').scope.guests).toBe('all');
  });

  it('is not made twice for one name, nor revoked for none; a name is a plain word', () => {
    const state = folder();
    addPairing(state, { name: 'alice', scope: OWN, expiresAt: 5 }, 0);
    expect(codeOf(() => addPairing(state, { name: 'alice', scope: OWN }, 4))).toBe('RELAY_USAGE');
    addPairing(state, { name: 'alice', scope: OWN }, 6);
    expect(codeOf(() => revokePairing(state, 'bob'))).toBe('RELAY_USAGE');
    for (const name of ['', '-x', 'a b', 'a\u001b[2J', 'a/b', '\u202ea'])
      expect(
        codeOf(() => addPairing(state, { name, scope: OWN }, 0)),
        name,
      ).toBe('RELAY_USAGE');
  });

  it('lets nobody in where the list is damaged, and says so', () => {
    const state = folder();
    addPairing(state, { name: 'alice', scope: OWN }, 0);
    for (const text of ['', '{', '{"pairings":[{}]}', '[]']) {
      writeFileSync(join(state.path, 'pairings.json'), text, { mode: 0o600 });
      expect(
        codeOf(() => readPairings(state)),
        text,
      ).toBe('RELAY_STATE');
      expect(
        codeOf(() => new PairingGate(state, 'x').admit('y')),
        text,
      ).toBe('RELAY_STATE');
    }
  });
});
