// `npm run fuzz`: builds the targets, then drives each with a million hostile inputs in worker threads.
import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';

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

// Of this process alone: a second run must not change it meanwhile.
const outDir = resolve(`.tsbuild/fuzz-${process.pid}`);
const load = (name) => import(pathToFileURL(`${outDir}/${name}.js`));

if (values.help) console.log(HELP);
else process.exitCode = (await main()) ? 0 : 1;

async function main() {
  const entries = ['run', 'worker', 'target', 'campaign'].map((name) => [name, resolve(`e2e/fuzz/${name}.ts`)]);
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir,
      target: 'node20',
      minify: false,
      rolldownOptions: { input: Object.fromEntries(entries), output: { entryFileNames: '[name].js' } },
    },
    ssr: { noExternal: true },
  });
  try {
    return await (values.input === undefined ? fuzzAll() : runInput());
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

async function fuzzAll() {
  const { fuzz } = await load('run');
  return fuzz({
    seed: Number(values.seed),
    runs: Number(values.runs),
    seconds: Number(values.seconds),
    only: values.only,
    workers: Number(values.workers),
    hangMs: Number(values['hang-ms']),
    selfTest: values['self-test'],
    workerUrl: pathToFileURL(`${outDir}/worker.js`),
    folder: 'test-results',
  });
}

async function runInput() {
  const [{ allTargets }, { runOne }] = [await load('target'), await load('campaign')];
  const target = (await allTargets()).find(({ name }) => name === values.only);
  if (!target) throw new Error('--input needs --only with the whole name of one target');
  const isRead = await runOne(target, new Uint8Array(readFileSync(values.input)));
  console.log(isRead ? 'read' : 'refused');
  return true;
}
