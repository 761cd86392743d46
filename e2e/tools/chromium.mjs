// Finds a Chromium for the tests, or installs one with the means at hand.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const inPath = () =>
  (process.env.PATH ?? '')
    .split(':')
    .flatMap((folder) => NAMES.map((name) => `${folder}/${name}`))
    .find((path) => existsSync(path));

const find = () => {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH && existsSync(CHROMIUM_PATH)) return CHROMIUM_PATH;
  const bundled = chromium.executablePath();
  return inPath() ?? (existsSync(bundled) ? bundled : undefined);
};

const run = (command, args) => spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;

const install = () => {
  const isRoot = process.getuid?.() === 0;
  if (isRoot && existsSync('/usr/bin/apt-get')) {
    console.log("No Chromium here: installing Debian's.");
    if (run('apt-get', ['update', '-qq']) && run('apt-get', ['install', '-y', '-qq', 'chromium'])) return;
  }
  console.log('No Chromium here: asking Playwright for one.');
  run('npx', ['playwright', 'install', 'chromium']);
};

/** The path of a Chromium, or undefined when there is none and none can be installed. */
export function findOrInstallChromium() {
  const found = find();
  if (found) return found;
  install();
  return find();
}
