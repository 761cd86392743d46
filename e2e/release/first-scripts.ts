// How much script the app needs before it shows anything: what its page names, and what those scripts import at once.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Issue 5: the most that may be needed at the start, in bytes after gzip. */
export const MAX_FIRST_SCRIPTS = 90_000;

/** Static imports alone: `import(…)` has a bracket, and waits until somebody asks. */
const STATIC_IMPORT = /(?:\bfrom|\bimport)\s*["'](\.{1,2}\/[^"']+\.js)["']/g;
const NAMED_BY_PAGE = /<(?:script[^>]+src|link[^>]+rel="modulepreload"[^>]+href)="\/([^"]+\.js)"/g;

/**
 * @param web the built app's folder
 * @returns paths within it
 */
export function firstScripts(web: string): readonly string[] {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    for (const [, other] of readFileSync(join(web, path), 'utf8').matchAll(STATIC_IMPORT)) {
      visit(posix.join(posix.dirname(path), other!));
    }
  };
  for (const [, path] of readFileSync(join(web, 'index.html'), 'utf8').matchAll(NAMED_BY_PAGE)) visit(path!);
  return [...found];
}

/** Bytes, each file packed by itself as a server sends it. */
export const gzipSize = (web: string, paths: readonly string[]): number =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(web, path)), { level: 9 }).length, 0);
