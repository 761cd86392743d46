// Everything in one encrypted file, and back again on another device: no session is used twice for it.
import { readFileSync } from 'node:fs';
import { demoImage, launch, makeSession, MATCH, meet, verdict } from '../journey.ts';
import { expectAccessible } from '../access.ts';
import { keepSecret, protect } from '../vault.ts';
import { demo, expect, test } from '../world.ts';

const SECRET = 'correct horse battery staple';
const OF_BACKUP = 'words of the backup itself';

test('A Guest Owner restores a backup on another device: secrets are there, and a waiting session is not used twice', async ({
  page,
  browser,
  relay,
  folder,
  app,
}) => {
  test.slow();
  await protect(page);
  await keepSecret(page, 'Mail server', SECRET);
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  const address = page.url();

  await page.goto(demo('#/keys'));
  await expect(page.getByText('No backup was made on this device yet.')).toBeVisible();
  await page.getByText('Make a backup', { exact: true }).click();
  await page.getByLabel('Passphrase of the backup').first().fill(OF_BACKUP);
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Make and save the backup' }).click();
  const path = await (await saving).path();
  await expect(page.getByText(/^Saved, with 1 launch\./)).toBeVisible();
  await expect(page.getByText(/^Last backup made on .* Nothing here has changed since\.$/)).toBeVisible();
  const file = readFileSync(path);
  for (const clear of [SECRET, 'Mail server', OF_BACKUP]) expect(file.includes(clear)).toBe(false);

  const context = await browser.newContext({ baseURL: app.url });
  const other = await context.newPage();
  await protect(other, 'words of another device');
  await other.getByText('Restore a backup', { exact: true }).click();
  await other.getByLabel('Backup file').setInputFiles(path);
  await other.getByLabel('Passphrase of the backup').last().fill('not the words of it');
  await other.getByRole('button', { name: 'Restore it' }).click();
  await expect(other.getByText('The passphrase is not right.')).toBeVisible();
  await other.getByLabel('Passphrase of the backup').last().fill(OF_BACKUP);
  await other.getByRole('button', { name: 'Restore it' }).click();
  await expect(other.getByText(/^New here: 1 launch, 1 platform, 1 file of the library, 1 disk secret/)).toBeVisible();
  await expect(other.getByText(/^1 launch under way was closed/)).toBeVisible();
  await expectAccessible(other);
  await other.getByRole('button', { name: 'Show Mail server' }).click();
  await expect(other.getByText(SECRET)).toBeVisible();
  await other.goto(address);
  await expect(verdict(other)).toHaveText('This launch was abandoned.');
  await expect(other.getByRole('button', { name: 'Release the disk key' })).toHaveCount(0);
  await context.close();

  await page.goto(address);
  await page.getByRole('radio', { name: /^Mail server/ }).check();
  await page.getByRole('button', { name: 'Release the disk key' }).click();
  await expect(verdict(page)).toHaveText('The host says that it took the secret. Let it run.');

  await page.goto(demo('#/keys'));
  await expect(page.getByText('Something here has changed since. Make a new one.')).toBeVisible();
});
