// `npm run quick`: types, and the unit tests that what you changed reaches, nearest first, in under half a minute. Tests that there
// was no time for are named at the end, and never counted as passed. `npm run quick -- REF` compares with REF.
import { spawn, spawnSync } from 'node:child_process';
import { dirname, relative } from 'node:path';
import { createVitest } from 'vitest/node';

/** No new tests are begun after this time. */
const BEGIN_UNTIL_MS = 16_000;
/** As many files as are begun together: few, so that the clock is looked at often. */
const TOGETHER = 4;
const SLOW = /\.slow\.test\.ts$/;

const started = Date.now();
const passed = () => Date.now() - started;
const git = (...args) => spawnSync('git', args, { encoding: 'utf8' }).stdout.trim();

const base = process.argv[2] ?? branchPoint();
const changed = [git('diff', '--name-only', base), git('ls-files', '--others', '--exclude-standard')]
  .flatMap((list) => list.split('\n'))
  .filter((path) => path !== '');

const types = checkTypes();
const { failed, ran, left, slow } = await runTests();
const { status, output } = await types;
if (status !== 0) console.log(`\nTypes:\n${output}`);

console.log(`\nTypes: ${status === 0 ? 'good' : 'FAILED'}. ${count(ran, 'test file')}: ${failed ? 'FAILED' : 'good'}.`);
if (changed.some((path) => path.endsWith('.svelte')))
  console.log('Not checked: the templates of components (npm run check).');
if (slow.length > 0) console.log(`Not run, as slow: ${slow.join(', ')}.`);
if (left.length > 0) console.log(`Not run, no time left: ${count(left.length, 'more test file')} (npm run unit).`);
console.log(`${Math.round(passed() / 1000)} s`);
process.exitCode = status === 0 && !failed ? 0 : 1;

/** Where this branch left the main one; on the main one itself, the last commit. */
function branchPoint() {
  const main = ['origin/main', 'main'].find((name) => git('rev-parse', '--verify', '--quiet', name) !== '');
  return (main && git('merge-base', 'HEAD', main)) || 'HEAD';
}

function checkTypes() {
  return new Promise((resolve) => {
    const child = spawn('npx', ['tsc', '-b'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.on('close', (status) => resolve({ status, output }));
  });
}

async function runTests() {
  const vitest = await createVitest('test', { watch: false, changed: base, reporters: ['dot'], passWithNoTests: true });
  try {
    await vitest.standalone();
    const paths = new Map((await vitest.getRelevantTestSpecifications()).map((spec) => [spec, pathOf(spec)]));
    const slow = [...paths].filter(([, path]) => SLOW.test(path));
    const left = [...paths].filter(([, path]) => !SLOW.test(path)).sort((a, b) => distance(a[1]) - distance(b[1]));
    let [failed, ran] = [false, 0];
    while (left.length > 0 && passed() < BEGIN_UNTIL_MS) {
      const next = left.splice(0, TOGETHER);
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications(next.map(([spec]) => spec));
      failed ||= unhandledErrors.length > 0 || testModules.some((module) => !module.ok());
      ran += next.length;
    }
    return { failed, ran, left, slow: slow.map(([, path]) => path) };
  } finally {
    await vitest.close();
  }
}

function pathOf(spec) {
  return relative('.', spec.moduleId);
}

/** How far a test is from what changed: 0 is the test itself, 1 stands beside its file, then by folders. */
function distance(test) {
  return Math.min(
    ...changed.map((path) => {
      if (path === test) return 0;
      if (path.replace(/(\.svelte)?\.ts$/, '') === test.replace(/\.test\.ts$/, '')) return 1;
      return 1 + relative(dirname(path), dirname(test)).split('/').length;
    }),
  );
}

function count(number, what) {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
