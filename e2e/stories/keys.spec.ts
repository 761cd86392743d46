// What is kept on the device: under a passphrase, shown only when asked, used without being seen.
import { continueGuest, demoImage, guestConsole, launch, makeSession, MATCH, meet, verdict } from '../journey.ts';
import { expectAccessible } from '../access.ts';
import { keepSecret, protect, REAL_KEYS, unlock, WORDS } from '../vault.ts';
import { demo, expect, test } from '../world.ts';

const PASSPHRASE = 'correct horse battery staple';

test('A Guest Owner releases a disk secret that the vault keeps, without typing it', async ({
  page,
  relay,
  folder,
}) => {
  test.slow();
  await protect(page);
  await keepSecret(page, 'Mail server', PASSPHRASE);
  await expectAccessible(page);
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  await page.getByRole('radio', { name: /^Mail server/ }).check();
  await expect(page.getByLabel('Disk passphrase', { exact: true })).toHaveCount(0);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Release the disk key' }).click();
  await expect(verdict(page)).toHaveText('The host says that it took the secret. Let it run.');
  await continueGuest(page);
  const texts = await page.getByRole('status').allInnerTexts();
  const [guest] = /demo-\w+/.exec(texts.join(' ')) ?? [''];
  expect(guestConsole(folder, guest)).toContain(PASSPHRASE);
});

test('A Guest Owner keeps a passphrase while releasing it, and sees it again only while the keys are open', async ({
  page,
  relay,
  folder,
}) => {
  test.slow();
  await protect(page);
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  await page.getByLabel('Disk passphrase').fill(PASSPHRASE);
  await page.getByLabel('Keep it on this device too, encrypted').check();
  await page.getByLabel('Name', { exact: true }).fill('Mail server');
  await page.getByRole('button', { name: 'Release the disk key' }).click();
  await expect(verdict(page)).toHaveText('The host says that it took the secret. Let it run.');

  await page.goto(demo('#/keys'));
  const text = page.getByText(PASSPHRASE);
  await page.getByRole('button', { name: 'Show Mail server' }).click();
  await expect(text).toBeVisible();
  await page.getByRole('button', { name: 'Lock the keys' }).click();
  await expect(text).toHaveCount(0);
  await expect(page.getByText('Mail server')).toBeVisible();
  await unlock(page);
  await page.getByRole('button', { name: 'Forget Mail server' }).click();
  await page.getByRole('button', { name: 'Forget it for good' }).click();
  await expect(page.getByText('Mail server')).toHaveCount(0);
});

test('A platform owner makes an owner key, and takes it out only after a warning', async ({ page }) => {
  test.slow();
  await protect(page, WORDS, REAL_KEYS);
  await page.getByText('Make or bring in an owner key').click();
  await page.getByLabel('Name of the owner').fill('Our machines');
  await page.getByRole('button', { name: 'Make an owner key' }).click();
  await page.getByRole('button', { name: 'Take out the key of Our machines' }).click();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the key in the clear' }).click();
  const file = await (await saving).path();

  await page.getByRole('button', { name: 'Forget the key of Our machines' }).click();
  await page.getByRole('button', { name: 'Forget it for good' }).click();
  await expect(page.getByRole('button', { name: 'Forget the key of Our machines' })).toHaveCount(0);
  await page.getByLabel('Bring in a key from a file').setInputFiles(file);
  await expect(page.getByText('brought in')).toBeVisible();
  await expectAccessible(page);
});
