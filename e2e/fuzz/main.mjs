// `npm run fuzz`: builds the targets, then drives each with a million hostile inputs in worker threads.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { bundle } from '../tools/bundle.mjs';

const HELP = `npm run fuzz -- [--runs N] [--seconds N] [--only NAME] [--seed N] [--input FILE]

  --runs N      inputs for each target (1000000)
  --seconds N   how long one target may take at most (180)
  --only NAME   only targets whose name contains this
  --seed N      for the same inputs again (random)
  --workers N   threads (as many as processors)
  --hang-ms N   a single run that takes longer hangs (10000)
  --input FILE  run just this input, with --only
  --self-test   run targets with known faults, and expect each to be found
`;

const text = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({
  options: {
    runs: text(1_000_000),
    seconds: text(180),
    only: text(''),
    seed: text(Math.floor(Math.random() * 2 ** 31)),
    workers: text(availableParallelism()),
    'hang-ms': text(10_000),
    input: { type: 'string' },
    'self-test': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else process.exitCode = (await main()) ? 0 : 1;

async function main() {
  const entry = (name) => [name, `e2e/fuzz/${name}.ts`];
  const built = await bundle('fuzz', Object.fromEntries(['run', 'worker', 'target', 'campaign'].map(entry)));
  try {
    return await (values.input === undefined ? fuzzAll(built) : runInput(built));
  } finally {
    built.remove();
  }
}

async function fuzzAll({ load, url }) {
  const { fuzz } = await load('run');
  return fuzz({
    seed: Number(values.seed),
    runs: Number(values.runs),
    seconds: Number(values.seconds),
    only: values.only,
    workers: Number(values.workers),
    hangMs: Number(values['hang-ms']),
    selfTest: values['self-test'],
    workerUrl: url('worker'),
    folder: 'test-results',
  });
}

async function runInput({ load }) {
  const [{ allTargets }, { runOne }] = [await load('target'), await load('campaign')];
  const target = (await allTargets()).find(({ name }) => name === values.only);
  if (!target) throw new Error('--input needs --only with the whole name of one target');
  const isRead = await runOne(target, new Uint8Array(readFileSync(values.input)));
  console.log(isRead ? 'read' : 'refused');
  return true;
}
