// A whole release, made twice and compared byte by byte: two builds on two paths.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compareFolder } from '../../web/cli/compare-release.ts';
import { examine } from './check.ts';
import { firstScripts, gzipSize, MAX_FIRST_SCRIPTS } from './first-scripts.ts';
import { makeManifest, sumsOf } from './manifest.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sev-release-test-'));
  // A folder may hold two copies of all packages: on a busy machine they take their time to go.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }), 60_000);
  return folder;
}

describe('the release', () => {
  it('is the same byte by byte when it is built on two paths, and holds only what it is said to hold', async () => {
    const { problems, built } = examine(temporaryFolder(), () => undefined);
    expect(problems).toEqual([]);
    const manifest = makeManifest(built.dist);
    const compared = await compareFolder(join(built.dist, 'web'), manifest.app);
    expect(new Set(compared.map(({ status }) => status))).toEqual(new Set(['equal']));
    expect(manifest.commands.map(({ path }) => path)).toEqual(expect.arrayContaining(['relay/main.js', 'cli/main.js']));
    expect(sumsOf(manifest).trim().split('\n')).toHaveLength(manifest.app.length + manifest.commands.length);

    const web = join(built.dist, 'web');
    const scripts = firstScripts(web);
    expect(scripts.length, 'the page names a script, and that one imports others').toBeGreaterThan(1);
    expect(gzipSize(web, scripts), scripts.join(', ')).toBeLessThanOrEqual(MAX_FIRST_SCRIPTS);
  }, 240_000);
});
