// `npm run unit:browser`: the unit tests of `shared` in a real browser.
import { spawnSync } from 'node:child_process';
import { findOrInstallChromium } from './chromium.mjs';

const browser = findOrInstallChromium();
if (browser) {
  const { status } = spawnSync('npx', ['vitest', 'run', '--mode', 'unit-browser', ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CHROMIUM_PATH: browser },
  });
  process.exitCode = status ?? 1;
} else {
  console.log('skipped: no Chromium was found, and none could be installed (set CHROMIUM_PATH)');
}
