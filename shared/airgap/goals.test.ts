// What issue 6 asks of the air gap, in simulated time at 10 frames a second.
import { describe, expect, it } from 'vitest';
import { TRANSFER_CASES, transferTime } from '../testing/bench-airgap.ts';

const times = TRANSFER_CASES.map((given) => transferTime(given));
const named = (name: string, loss: number, joined: number) =>
  times.find((time) => time.name.includes(name) && time.loss === loss && time.joined === joined)!;

describe('goals', () => {
  it.each([1, 1000])('a whole platform chain in under 2 seconds with 20 % lost, joined at frame %i', (joined) => {
    expect(named('with CA', 0.2, joined).medianSeconds).toBeLessThan(1.5);
    expect(named('with CA', 0.2, joined).p95Seconds).toBeLessThan(2);
    expect(named('without CA', 0.2, joined).medianSeconds).toBeLessThan(1);
  });

  it('a session or a packet in one still code', () => {
    expect(named('128 B', 0, 1)).toMatchObject({ fragments: 1, medianSeconds: 0.1 });
  });

  it.each([
    [0, 4.5],
    [0.2, 5.5],
    [0.5, 9],
  ])('12 KB that do not compress, %d lost, in under %d seconds', (loss, seconds) => {
    for (const joined of [1, 1000]) expect(named('12 KB', loss, joined).medianSeconds).toBeLessThan(seconds);
  });
});
