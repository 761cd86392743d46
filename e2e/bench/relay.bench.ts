// Issue 4: what the relay costs beside talking QMP directly, and how it bears 200 clients and 1,000 guests at once.
import { CLIENTS, GUESTS, ownCost, timeRelay } from '../../relay/bench/main.ts';
import { median, quantile } from '../../relay/bench/numbers.ts';
import { type Bench, beside, within } from './bench.ts';

const GOAL_MS = 1;

export const bench: Bench = {
  issue: 4,
  title: 'relay',
  run: async ({ quick }) => {
    const seconds = quick ? 3 : 60;
    const times = await timeRelay(seconds);
    const { byRelay, direct, measured, listed, failures, memory } = times;
    const many = `${CLIENTS} clients at once, ${GUESTS} guests`;
    return [
      beside('measurement by the relay', 'ms', median(byRelay), { name: 'QMP directly', value: median(direct) }),
      within("the relay's own cost of a call, median", 'ms', ownCost(times), GOAL_MS),
      { name: `${many}: calls`, unit: '/s', ours: (measured.length + listed.length) / seconds },
      { name: `${many}: a measurement, median`, unit: 'ms', ours: median(measured) },
      { name: `${many}: a measurement, 95 %`, unit: 'ms', ours: quantile(measured, 0.95) },
      { name: `${many}: the list of all, median`, unit: 'ms', ours: median(listed) },
      { name: `${many}: failed calls`, unit: '', ours: failures, goal: 'none', met: failures === 0 },
      { name: `memory with ${GUESTS} monitors`, unit: 'MiB', ours: memory.idle },
      { name: `memory under ${CLIENTS} clients`, unit: 'MiB', ours: memory.most },
    ];
  },
};
