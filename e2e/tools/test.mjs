// `npm test`: types, lint, unit tests in Node and in a browser, and the stories in a real browser, one after the other.
// Ends with what was skipped and why, what failed, and "N passed, N failed".
import { Buffer } from 'node:buffer';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOrInstallChromium } from './chromium.mjs';

const folder = mkdtempSync(join(tmpdir(), 'sev-test-'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const skips = [];
const failures = [];
const flaky = [];

// Each keeps one core busy; the longest takes about as long as the other two.
await stagesTogether([
  ['Lint', 'lint:code'],
  ['Type check', 'check'],
  ['Style', 'lint:style'],
]);
unitTests('Unit tests', []);
const browser = findOrInstallChromium();
if (browser) unitTests('Unit tests in a browser', ['--mode', 'unit-browser'], { CHROMIUM_PATH: browser });
else skipWithoutBrowser('the unit tests in a browser');
if (stage('Build', 'npm', ['run', '--silent', 'build'])) {
  stage('The package in an empty folder', process.execPath, ['e2e/tools/try-package.mjs']);
  stories();
}
rmSync(folder, { recursive: true, force: true });
report();

function run(title, command, args, env = {}) {
  console.log(`\n== ${title}`);
  const started = Date.now();
  const { status } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  console.log(`-- ${title}: ${status === 0 ? 'good' : 'FAILED'} after ${Math.round((Date.now() - started) / 1000)} s`);
  return status === 0;
}

/** A stage that counts as one test. */
function stage(title, command, args) {
  return count(title, run(title, command, args));
}

/** Stages that do not disturb each other, each a script of package.json. What they print comes when all have ended. */
async function stagesTogether(stages) {
  const started = Date.now();
  const ends = stages.map(async ([title, script]) => {
    const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
    const status = await new Promise((resolve) => child.on('close', resolve).on('error', resolve));
    return { title, good: status === 0, said: Buffer.concat(said), seconds: Math.round((Date.now() - started) / 1000) };
  });
  for (const { title, good, said, seconds } of await Promise.all(ends)) {
    console.log(`\n== ${title}\n${said}-- ${title}: ${good ? 'good' : 'FAILED'} after ${seconds} s`);
    count(title, good);
  }
}

function count(title, good) {
  totals[good ? 'passed' : 'failed'] += 1;
  if (!good) failures.push(title);
  return good;
}

function skipWithoutBrowser(what) {
  totals.skipped += 1;
  skips.push(`${what}: no Chromium was found, and none could be installed (set CHROMIUM_PATH)`);
}

function unitTests(title, options, env) {
  const file = join(folder, 'unit.json');
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const good = run(title, 'npx', ['vitest', 'run', ...options, ...reporters], env);
  const result = readJson(file);
  if (!result) return countFailure(title);
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests;
  totals.skipped += result.numPendingTests;
  if (!good && result.numFailedTests === 0) countFailure(`${title}: an error outside of a test`);
  for (const { assertionResults } of result.testResults) {
    for (const { status, ancestorTitles, fullName, meta } of assertionResults) {
      if (status === 'failed') failures.push(fullName);
      else if (status !== 'passed')
        skips.push(meta?.skipped ? `${ancestorTitles[0]}: ${meta.skipped}` : ancestorTitles[0]);
    }
  }
}

function stories() {
  if (!browser) return skipWithoutBrowser('all stories');
  const file = join(folder, 'stories.json');
  const env = { CHROMIUM_PATH: browser, PLAYWRIGHT_JSON_OUTPUT_NAME: file };
  const good = run(
    'Stories',
    'npx',
    ['playwright', 'test', '-c', 'e2e/playwright.config.ts', '--reporter=list,json'],
    env,
  );
  const result = readJson(file);
  if (!result) return countFailure('Stories');
  totals.passed += result.stats.expected + result.stats.flaky;
  totals.failed += result.stats.unexpected;
  totals.skipped += result.stats.skipped;
  if (!good && result.stats.unexpected === 0) countFailure('Stories: an error outside of a story');
  result.suites.forEach(collect);
}

function collect(suite) {
  for (const spec of suite.specs ?? []) {
    for (const test of spec.tests) {
      if (test.status === 'unexpected') failures.push(spec.title);
      if (test.status === 'flaky') flaky.push(spec.title);
      if (test.status !== 'skipped') continue;
      const reason = test.annotations.find(({ type }) => type === 'skip')?.description;
      skips.push(reason ? `${spec.title}: ${reason}` : spec.title);
    }
  }
  (suite.suites ?? []).forEach(collect);
}

function countFailure(what) {
  totals.failed += 1;
  failures.push(what);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function report() {
  console.log('');
  for (const skip of new Set(skips)) console.log(`skipped: ${skip}`);
  for (const title of flaky) console.log(`good only when tried again: ${title}`);
  for (const title of failures) console.log(`FAILED: ${title}`);
  const { passed, failed, skipped } = totals;
  console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 ? 1 : 0;
}
