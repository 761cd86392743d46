// Pictures of every step of a launch, for the README and for looking at: `npm run pictures`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { continueGuest, demoImage, launch, makeSession, MATCH, meet, MISMATCH, release } from '../journey.ts';
import { test } from '../world.ts';

const TARGET = resolve(process.env['PICTURES'] ?? 'docs/images');

const picture = async (page: Page, name: string): Promise<void> => {
  const toast = page.getByRole('button', { name: 'Dismiss' });
  if (await toast.isVisible()) await toast.click();
  const path = join(TARGET, `${test.info().project.name}-${name}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
};

test('every step of a launch', async ({ page, app, relay, folder }) => {
  await page.goto(`${app.url}/#/connect`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await picture(page, '0-connect');
  await meet(page, relay);
  await picture(page, '1-platform');
  await makeSession(page, demoImage(folder));
  await picture(page, '2-session');
  await launch(page, 'demo', MATCH);
  await picture(page, '3-verdict');
  await page.getByLabel('Disk passphrase').fill('correct horse battery staple');
  await picture(page, '4-secret');
  await release(page, 'correct horse battery staple');
  await picture(page, '5-released');
  await continueGuest(page);
  await picture(page, '6-running');
});

test('a mismatch', async ({ page, relay, folder }) => {
  const changed = join(folder, 'changed.fd');
  writeFileSync(changed, readFileSync(demoImage(folder)).fill(1, 0, 64));
  await meet(page, relay);
  await makeSession(page, changed);
  await launch(page, 'demo', MISMATCH);
  await picture(page, '7-mismatch');
});
