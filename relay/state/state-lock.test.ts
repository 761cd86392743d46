// Several relays that find a dead one's lock at the same time: what one does between two steps of another.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { openState } from './state.ts';
import { temporaryFolder } from '../testing/testing.ts';

const meanwhile = vi.hoisted(() => ({ reads: 0, act: (_read: number): void => undefined }));
vi.mock('./read-if-there.ts', async (original) => {
  const { readIfThere } = await original<typeof import('./read-if-there.ts')>();
  return {
    readIfThere: (path: string) => {
      const text = readIfThere(path);
      meanwhile.act(++meanwhile.reads);
      return text;
    },
  };
});
beforeEach(() => {
  meanwhile.reads = 0;
  meanwhile.act = () => undefined;
});

const DEAD = '4194304 1\n';

it.each([1, 2, 3, 4])('only one relay takes the place of a dead one, whatever is done after read %i', (moment) => {
  const path = temporaryFolder();
  writeFileSync(join(path, 'lock'), DEAD);
  let others = 0;
  meanwhile.act = (read) => {
    if (read !== moment) return;
    openState(path);
    others++;
  };
  let own = 0;
  try {
    openState(path);
    own++;
  } catch (error) {
    expect(error).toMatchObject({ code: 'RELAY_STATE', sentence: expect.stringContaining('Another relay') as string });
  }
  meanwhile.act = () => undefined;
  expect(own + others).toBe(1);
  expect(readdirSync(path)).toEqual(['lock']);
  expect(readFileSync(join(path, 'lock'), 'utf8')).toContain(`${process.pid} `);
});

it('gives back no lock but its own', () => {
  const path = temporaryFolder();
  const state = openState(path);
  writeFileSync(join(path, 'lock'), DEAD);
  state.close();
  expect(readFileSync(join(path, 'lock'), 'utf8')).toBe(DEAD);
});
