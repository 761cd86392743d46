// rooms.js says what is so: every import keeps to it, no arrow goes up, and nothing goes in a circle.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOMS } from '../../rooms.js';
import { isSupport, refusal, roomOf } from './fence.js';
import { architecturePage, ARCHITECTURE } from './page.ts';
import { circles, importsOf, sourceFiles } from './imports.ts';

const files = sourceFiles(['shared', 'web', 'relay']);
const code = files.filter((path) => !isSupport(path));
const imports = code.flatMap(importsOf);
const paths = ROOMS.map(({ path }) => path);
const place = new Map(paths.map((path, i) => [path, i]));

/** Arrows to a room further down, at run time. They may become fewer. */
const MOST_BACK = 7;
/** Rooms that are being furnished: listed, so that their walls stand from the first file on. */
const FURNISHING = ['shared/snp/verify', 'shared/snp/decide', 'shared/snp/seal'];

describe('every file', () => {
  it('stands in a room', () => {
    expect(code.filter((path) => roomOf(path) === undefined)).toEqual([]);
  });

  it('imports only what its room may', () => {
    const refused = files
      .flatMap(importsOf)
      .map(({ from, to, isType }) => ({ arrow: `${from} → ${to}`, why: refusal(from, to, isType) }));
    expect(refused.filter(({ why }) => why !== undefined)).toEqual([]);
  });

  it('imports files that exist', () => {
    expect(imports.length).toBeGreaterThan(1000);
    expect(imports.filter(({ to }) => !existsSync(to))).toEqual([]);
  });
});

describe('the list of rooms', () => {
  it('names each once, and only such as are there', () => {
    expect(new Set(paths).size).toBe(paths.length);
    const lived = new Set(code.map((path) => roomOf(path)?.path));
    expect(paths.filter((path) => !lived.has(path) && !FURNISHING.includes(path))).toEqual([]);
  });

  it('names no room that is not in it', () => {
    const named = ROOMS.flatMap(({ uses, types, back }) => [...uses, ...types, ...back]);
    expect(named.filter((path) => !place.has(path))).toEqual([]);
  });

  it('runs from the ground up: a room uses only what stands above it in the list', () => {
    const up = ROOMS.flatMap(({ path, uses }) =>
      uses.filter((used) => place.get(used)! >= place.get(path)!).map((used) => `${path} → ${used}`),
    );
    expect(up).toEqual([]);
  });

  it('keeps shared and the relay without an arrow back, and counts those of the app', () => {
    const back = ROOMS.flatMap(({ path, back }) => back.map((to) => `${path} → ${to}`));
    expect(back.filter((arrow) => !arrow.startsWith('web'))).toEqual([]);
    expect(back.length).toBeLessThanOrEqual(MOST_BACK);
    expect(ROOMS.flatMap(({ path, types }) => (path.startsWith('shared/') ? types : []))).toEqual([]);
  });

  it('walls the wings off from each other, and what makes from what checks', () => {
    const file = (room: string): string => `${room}/x.ts`;
    for (const room of ['formats', 'verify', 'decide', 'seal']) {
      expect(refusal(file(`shared/sev/${room}`), file('shared/snp/formats'), true)).toContain('shared/snp');
      expect(refusal(`shared/snp/${room}/x.test.ts`, file('shared/sev/formats'))).toContain('shared/sev');
      for (const wing of ['sev', 'snp'].filter(
        (wing) => room !== 'formats' && paths.includes(`shared/${wing}/${room}`),
      ))
        expect(refusal('shared/simulator/x.test.ts', file(`shared/${wing}/${room}`), true)).toContain(wing);
    }
    expect(refusal('shared/simulator/x.ts', 'shared/sev/session/x.ts')).toContain('session');
    expect(refusal('shared/bytes/x.ts', 'web/ui/x.ts')).toContain('meet only in shared');
    expect(refusal('web/ui/x.ts', 'relay/serve/x.ts')).toContain('meet only in shared');
    expect(refusal('shared/bytes/x.ts', 'shared/testing/x.ts')).toContain('only tests');
    expect(refusal('shared/bytes/x.ts', 'shared/errors.ts')).toBeUndefined();
  });
});

describe('circles', () => {
  it('are not there among files, not even among types', () => {
    expect(circles(imports.map(({ from, to }) => [from, to]))).toEqual([]);
  });

  it('are found', () => {
    const three = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['c', 'd'],
    ] as const;
    expect(circles(three)).toEqual([['a', 'b', 'c']]);
    expect(
      circles([
        ['a', 'b'],
        ['b', 'c'],
        ['a', 'c'],
      ]),
    ).toEqual([]);
  });
});

it('docs/architecture.md shows the list', () => {
  expect(readFileSync(ARCHITECTURE, 'utf8'), 'npm run docs:generate').toBe(architecturePage());
});
