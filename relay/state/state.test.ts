import { spawn } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeMark, isAlive, markOf, ownMark, parseMark } from './processes.ts';
import { defaultStatePath, openState, openTemporaryState } from './state.ts';
import { temporaryFolder } from '../testing/testing.ts';

describe('the state folder', () => {
  it('belongs to one relay at a time', () => {
    const path = join(temporaryFolder(), 'deep/state');
    const first = openState(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(() => openState(path)).toThrow(/Another relay uses it: process \d+/);
    first.close();
    openState(path).close();
  });

  it.each([
    ['of a process that ended', '999999999 1\n'],
    ['of another process that has the number now', `${process.pid} 1\n`],
    ['that is damaged', 'hello'],
    ['that is empty', ''],
  ])('is taken over from a lock %s', (_, lock) => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'lock'), lock);
    openState(path).close();
  });

  it('that cannot be made is said', () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    expect(() => openState(join(path, 'state'))).toThrow('RELAY_STATE');
  });

  it('for a passing host is gone afterwards', () => {
    const state = openTemporaryState();
    expect(existsSync(state.path)).toBe(true);
    state.close();
    expect(existsSync(state.path)).toBe(false);
  });

  it("is where systemd or the user's settings want it", () => {
    expect(defaultStatePath({ STATE_DIRECTORY: '/var/lib/sev-relay:/x' })).toBe('/var/lib/sev-relay');
    expect(defaultStatePath({ XDG_STATE_HOME: '/home/o/.state' })).toBe('/home/o/.state/sev-relay');
    expect(defaultStatePath({})).toMatch(/\.local\/state\/sev-relay$/);
  });
});

describe('a process', () => {
  it('is the same one while it lives, and no longer', async () => {
    expect(isAlive(ownMark())).toBe(true);
    const child = spawn('sleep', ['60']);
    onTestFinished(() => void child.kill());
    const mark = markOf(child.pid!);
    expect(parseMark(encodeMark(mark))).toEqual(mark);
    expect(isAlive(mark)).toBe(true);
    expect(isAlive({ ...mark, began: '1' })).toBe(false);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(isAlive(mark)).toBe(false);
  });

  it.each(['', '1', '1 2', 'x 1\n', '1 2 3\n', '12345678901 1\n'])('mark %j is none', (text) => {
    expect(parseMark(text)).toBeUndefined();
  });
});
