// The journey, many times, with one fault at a random point of each: `npm run faults` for hundreds, a few in `npm test`.
// FAULT_RUNS says how many, FAULT_SEED which; a run that failed names both, and is played again with FAULT_ONLY.
import { expect, test } from '../world.ts';
import { Dice } from '../../shared/testing/dice.ts';
import { chooseFault } from './faults.ts';
import { broken } from './invariants.ts';
import { play } from './player.ts';
import { FaultyWorld } from './world.ts';

const RUNS = Number(process.env['FAULT_RUNS'] ?? 6);
const SEED = Number(process.env['FAULT_SEED'] ?? 1);
const ONLY = process.env['FAULT_ONLY'];
const PASSPHRASE = 'correct horse battery staple';

// Each has a world of its own, and most of its time goes by waiting.
test.describe.configure({ mode: 'parallel' });

for (let run = 0; run < RUNS; run++) {
  const dice = new Dice(SEED * 1_000_003 + run);
  const fault = chooseFault(run, dice);
  // Every third guest owner expects another image than the host has.
  const rightImage = dice.below(3) > 0;
  if (ONLY !== undefined && Number(ONLY) !== run) continue;

  test(`run ${run} of seed ${SEED}: ${fault.name} (${fault.at}), ${rightImage ? 'the image that is meant' : 'another image'}`, async ({
    app,
    browser,
    folder,
  }) => {
    test.setTimeout(180_000);
    const world = await FaultyWorld.open({ appUrl: app.url, folder, browser, fault, dice, rightImage });
    try {
      const { ending, launches } = await play(world, PASSPHRASE);
      test.info().annotations.push({ type: 'ending', description: ending });
      expect(await broken({ world, folder, passphrase: PASSPHRASE, rightImage, ending, launches })).toEqual([]);
      if (fault.name === 'no fault') expect(ending).toBe(rightImage ? 'running' : 'mismatch');
    } finally {
      await world.close();
    }
  });
}
