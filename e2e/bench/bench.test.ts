import { describe, expect, it } from 'vitest';
import { beside, ratioOf, within } from './bench.ts';
import { median, time, timeInTurns } from './measure.ts';
import { table } from './table.ts';

describe('bench figures', () => {
  it('say by which factor ours is better, for rates and for times', () => {
    expect(ratioOf('MB/s', 90, 100)).toBe(0.9);
    expect(ratioOf('ms', 50, 100)).toBe(2);
  });

  it.each([
    [beside('a', 'MB/s', 90, { name: 'b', value: 100 }, 0.9), true],
    [beside('a', 'MB/s', 89, { name: 'b', value: 100 }, 0.9), false],
    [beside('a', 'ms', 101, { name: 'b', value: 100 }, 1), false],
    [within('a', 'ms', 1.9, 2), true],
    [within('a', 'ms', 2, 2), false],
    [within('a', '/s', 100_000, 100_000), true],
    [within('a', 'MiB', 201, 200), false],
    [within('a', 'MiB', Number.NaN, 200), false],
  ])('know whether the goal is met: %o', (figure, met) => expect(figure.met).toBe(met));

  it('make one table', () => {
    const skipped = { name: 'c', unit: 'ms', ours: Number.NaN, skipped: 'no b here' } as const;
    const figures = [beside('a', 'MB/s', 1234.5, { name: 'b', value: 100 }, 0.9), within('b', 'ms', 3, 2), skipped];
    expect(table(figures)).toMatchInlineSnapshot(`
      "   ours        beside      ratio  goal
      a  1,235 MB/s  100 MB/s b  12.35  at least 0.9 of b  met
      b  3.00 ms                        under 2 ms         MISSED
      c  —                                                 skipped: no b here"
    `);
  });

  it('take the middle of several times', async () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    let calls = 0;
    await time(3, () => void calls++);
    await timeInTurns(
      2,
      () => void calls++,
      () => void calls++,
    );
    expect(calls).toBe(4 + 6);
  });
});
