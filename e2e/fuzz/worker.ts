// A worker thread that runs campaigns.
import { parentPort } from 'node:worker_threads';
import { badTargets } from './bad-targets.ts';
import { runCampaign } from './campaign.ts';
import { type Order, type Outcome, SharedInput } from './order.ts';
import { allTargets } from './target.ts';

const known = allTargets();

parentPort!.on('message', (order: Order) => void carryOut(order).then((outcome) => parentPort!.postMessage(outcome)));

async function carryOut({ target: name, seed, limits, shared, selfTest }: Order): Promise<Outcome> {
  const atHand = new SharedInput(shared);
  const target = (selfTest ? badTargets : await known).find((candidate) => candidate.name === name);
  if (!target) return { fault: `there is no target “${name}”` };
  try {
    return { tally: await runCampaign(target, seed, limits, (index, bytes) => atHand.put(index, bytes)) };
  } catch (error) {
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
