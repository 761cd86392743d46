// A new version comes while the app is in use.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { encodeManifest } from '../../web/cli/release-manifest.ts';
import { continueGuest, demoImage, launch, makeSession, MATCH, meet, release, verdict } from '../journey.ts';
import { makeManifest } from '../release/manifest.ts';
import { buildSecondVersion, install, NEWS } from '../second-version.ts';
import { expect, type Running, start, startRelay, test } from '../world.ts';

const serveFrom = async (dist: string, port: string): Promise<{ server: Running; url: string }> => {
  const server = start(join(dist, 'cli/main.js'), ['serve', '--port', port]);
  const [url] = await server.says(/http:\/\/[\w.-]+:\d+/);
  return { server, url };
};

/** The build that the About page shows; in a tab of its own, as somebody would who compares it. */
async function buildOnScreen(page: Page, url: string): Promise<string> {
  const about = await page.context().newPage();
  await about.goto(`${url}/#/about`);
  const text = (await about.getByText(/^[0-9a-f]{64}$/).textContent()) ?? '';
  await about.close();
  return text;
}

/** What `sev-verifier check-app` says about the served app, held against the manifest of an installation. */
async function checkApp(dist: string, url: string, folder: string): Promise<{ status: string; build: string }> {
  const manifest = join(folder, 'manifest.json');
  writeFileSync(manifest, encodeManifest(makeManifest(dist)));
  const check = start('dist/cli/main.js', ['check-app', '--json', '--manifest', manifest, '--url', url]);
  const [json] = await check.says(/^\{[^]*\}\s*$/);
  return JSON.parse(json) as { status: string; build: string };
}

test('A new version asks, waits for the end of a launch, and only then takes over', async ({ page, folder }) => {
  test.setTimeout(150_000);
  const [installed, next] = [join(folder, 'dist'), join(folder, 'next')];
  install('dist', installed);
  await buildSecondVersion(next);
  const first = await serveFrom(installed, '0');
  const { url } = first;
  const relay = await startRelay(url, ['--simulate', '--state', folder]);
  let second: Running | undefined;
  try {
    await page.goto(url);
    await expect(page.getByText('Ready to work offline.')).toBeVisible();
    const { build: firstBuild } = await checkApp(installed, url, folder);
    expect(await buildOnScreen(page, url)).toBe(firstBuild);
    await meet(page, relay);
    await makeSession(page, demoImage(folder));

    await first.server.stop();
    install(next, installed);
    second = (await serveFrom(installed, new URL(url).port)).server;
    const checked = await checkApp(installed, url, folder);
    expect(checked.status).toBe('equal');
    expect(checked.build).not.toBe(firstBuild);

    await page.reload();
    await expect(page.getByText('It waits until no launch is under way.')).toBeVisible();
    await page.getByRole('button', { name: 'Reload with the new version' }).click();
    await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
    await launch(page, 'demo', MATCH);
    await release(page, 'correct horse battery staple');
    expect(await buildOnScreen(page, url), 'it is still the first version').toBe(firstBuild);
    await continueGuest(page);

    await page.getByRole('button', { name: 'Reload with the new version' }).click();
    await expect(page.getByRole('button', { name: 'Reload with the new version' })).toHaveCount(0);
    await expect(verdict(page)).toHaveText('The guest is running, on a simulated platform.');
    expect(await buildOnScreen(page, url)).toBe(checked.build);
    await page.goto(`${url}/#/about`);
    await expect(page.getByText(NEWS)).toBeVisible();
  } finally {
    await relay.stop();
    await first.server.stop();
    await second?.stop();
  }
});
