// Builds the web app and the two commands, but only when a source is newer than the last build.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['shared', 'web', 'relay', 'public', 'vite.config.ts', 'package.json', 'package-lock.json'];
const PRODUCTS = ['dist/web/index.html', 'dist/relay/main.js', 'dist/cli/main.js'];

const newest = (path) =>
  statSync(path).isDirectory()
    ? Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
    : statSync(path).mtimeMs;

const isStale = () => {
  if (!PRODUCTS.every((path) => existsSync(path))) return true;
  const built = Math.min(...PRODUCTS.map((path) => statSync(path).mtimeMs));
  return SOURCES.some((path) => newest(path) > built);
};

/** Builds where needed; a failed build ends the process with the build's own words. */
export async function buildWhereStale() {
  if (!isStale()) return;
  console.log('Building …');
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { encoding: 'utf8' });
  if (status === 0) return;
  console.error(stdout + stderr);
  process.exit(1);
}
