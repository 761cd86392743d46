// Pictures of every other screen: of a new device, of one that is much used, and of what can go wrong.
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { PAGES } from '../../web/pages.ts';
import { storeLaunches } from '../many-launches.ts';
import { demoImage, launch, makeSession, MATCH, meet, MISMATCH, verdict } from '../journey.ts';
import { keepSecret, protect, unlock } from '../vault.ts';
import { confirmHost, demo, expect, NO_VECTORS, startRelay, test, vectorsFolder } from '../world.ts';
import { picture } from './picture.ts';

const open = async (page: Page, place: string): Promise<void> => {
  await page.goto('about:blank');
  await page.goto(demo(`#/${place}`));
  await expect(verdict(page)).toBeVisible();
};

test('every screen of a new device', async ({ page }) => {
  for (const name of Object.keys(PAGES)) {
    await open(page, name);
    await picture(page, `new-${name}`);
  }
});

test('launches by the thousand', async ({ page }) => {
  await open(page, 'launches');
  await storeLaunches(page, 2000);
  await page.reload();
  await expect(page.getByText('2,000 launches', { exact: true })).toBeVisible();
  await picture(page, 'launches-many');
  await page.getByLabel('Find a launch').fill('rack 7 mismatch');
  await picture(page, 'launches-filtered');
  await page.getByLabel('Find a launch').fill('nothing is like that');
  await picture(page, 'launches-none');
});

test('keys, secrets and backups', async ({ page, relay, folder }) => {
  await protect(page);
  await picture(page, 'keys-open');
  await keepSecret(page, 'Mail server', 'correct horse battery staple');
  await page.getByText('Make or bring in an owner key').click();
  await page.getByLabel('Name of the owner').fill('Our machines');
  await page.getByRole('button', { name: 'Make an owner key' }).click();
  await page.getByRole('button', { name: 'Show Mail server' }).click();
  await page.getByRole('button', { name: 'Take out the key of Our machines' }).click();
  await page.getByText('Passkey', { exact: true }).click();
  await page.getByText('Change the passphrase').first().click();
  await picture(page, 'keys-much');
  await open(page, 'keys');
  await unlock(page);
  await page.getByText('Make a backup', { exact: true }).click();
  await page.getByLabel('Passphrase of the backup').first().fill('words of the backup itself');
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Make and save the backup' }).click();
  const file = await (await saving).path();
  await expect(page.getByText(/^Saved, with/)).toBeVisible();
  await page.getByText('Restore a backup', { exact: true }).click();
  await page.getByLabel('Backup file').setInputFiles(file);
  await page.getByLabel('Passphrase of the backup').last().fill('not the words of it');
  await page.getByRole('button', { name: 'Restore it' }).click();
  await expect(page.getByText('The passphrase is not right.')).toBeVisible();
  await picture(page, 'keys-backup');

  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  await page.getByRole('radio', { name: /^Mail server/ }).check();
  await picture(page, '4-kept-secret');
  await page.getByRole('button', { name: "Take the session's keys out for other tools" }).click();
  await picture(page, '4-take-out');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'The keys are locked' })).toBeVisible();
  await picture(page, '4-locked');
  await open(page, 'keys');
  await unlock(page, 'not the words');
  await expect(page.getByText('The passphrase is not right.')).toBeVisible();
  await picture(page, 'keys-locked');
});

test("a platform of AMD's, and certificates that are not", async ({ page }) => {
  test.skip(!vectorsFolder, NO_VECTORS);
  await open(page, 'connect');
  await page
    .getByLabel('Certificates of the platform')
    .setInputFiles(join(vectorsFolder!, 'certs/naples/full_chain.cert'));
  await expect(verdict(page)).toHaveText(/^This is genuine AMD hardware/);
  await page.getByText('Expect a certain owner').click();
  await picture(page, 'platform-genuine');
  await open(page, 'connect');
  await page.getByLabel('Or paste them as text').fill('no certificate at all');
  await page.getByRole('button', { name: 'Check what was pasted' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await picture(page, 'connect-unreadable');
  await open(page, 'connect');
  await page.getByLabel('Pairing link').fill('https://localhost/#relay=ws://127.0.0.1:9&code=AAAA-BBBB');
  await page.getByRole('button', { name: 'Connect to 127.0.0.1:9', exact: true }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await picture(page, 'connect-refused');
});

test('ownership, step by step', async ({ page, app, folder }) => {
  const relay = await startRelay(app.url, ['--simulate', '--state', folder, '--allow-ownership']);
  try {
    await meet(page, relay);
    await protect(page);
    await page.goto(demo('#/ownership'));
    await picture(page, 'ownership-key');
    await page.getByText('Make or bring in an owner key').click();
    await page.getByLabel('Name of the owner').fill('The rack in the cellar');
    await page.getByRole('button', { name: 'Make an owner key' }).click();
    await expect(page.getByText('Signing as The rack in the cellar.')).toBeVisible();
    await picture(page, 'ownership-request');
    await page.getByRole('button', { name: /^Ask .* for its request$/ }).click();
    await expect(page.getByText('Its chain leads to the root, and holds this very PEK')).toBeVisible();
    await page.getByRole('button', { name: /^Sign as/ }).click();
    await expect(page.getByRole('button', { name: /import it$/ })).toBeVisible();
    await picture(page, 'ownership-hand');
    await page.getByRole('button', { name: /import it$/ }).click();
    await relay.says(/PEK_CERT_IMPORT[^]*Type “yes”/);
    await picture(page, 'ownership-asked');
    relay.type('yes');
    await expect(verdict(page)).toHaveText(/ is yours\.$/);
    await picture(page, 'ownership-done');
    await page.getByRole('link', { name: 'Open the platform' }).click();
    await expect(page.getByText(/whose key you pinned/)).toBeVisible();
    await picture(page, 'platform-owned');
  } finally {
    await relay.stop();
  }
});

test('the courier, step by step', async ({ page, relay }) => {
  await page.goto(demo('#/courier'));
  await page.getByLabel('Pairing link').fill(relay.link);
  await confirmHost(page, relay.link);
  await page.locator('canvas[data-drawn]').waitFor();
  await picture(page, 'courier-1-chain');
  await page.getByRole('button', { name: 'Go on: scan their session' }).click();
  await expect(page.getByText(/There is no camera here\.|This page may not use the camera\./)).toBeVisible();
  await picture(page, 'courier-2-scan');
  await page.getByRole('button', { name: /^Measurement, from the host/ }).click();
  await picture(page, 'courier-3-measurement');
  await page.getByRole('button', { name: /^Sealed secret/ }).click();
  await picture(page, 'courier-4-secret');
});

test('practice and the tamper lab', async ({ page }) => {
  await open(page, 'practice');
  await page.getByRole('button', { name: 'Meet the practice host' }).click();
  await expect(verdict(page)).toHaveText('This platform is simulated. It proves nothing.');
  await picture(page, 'practice-platform');
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await page.getByRole('button', { name: 'Add demo-guest.fd to the library of practice' }).click();
  await page.getByRole('radio', { name: /^demo-guest\.fd/ }).click();
  await picture(page, 'practice-choose');
  await page.getByRole('button', { name: 'Make the session' }).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
  await launch(page, 'demo-lie', MISMATCH);
  await expect(page.getByRole('heading', { name: 'Caught' })).toBeVisible();
  await picture(page, 'practice-caught');
  await open(page, 'practice');
  await picture(page, 'practice-begun');
  await page.goto('/#/practice/lab');
  await page.getByRole('radio', { name: /^A forged root/ }).check();
  await page.getByRole('button', { name: 'Tell it' }).click();
  await expect(verdict(page)).toHaveText('Caught. The secret stays with you.');
  await picture(page, 'lab-forged');
});

test('a new version, and a storage that is full, or was cleared', async ({ page }) => {
  await page.addInitScript(() => {
    const waiting = Object.assign(new EventTarget(), { scriptURL: `${location.origin}/sw.js`, state: 'installed' });
    const registration = Object.assign(new EventTarget(), { waiting, active: null, installing: null });
    const ready = new Promise(() => undefined);
    const container = { controller: null, ready, register: () => Promise.resolve(registration) };
    Object.defineProperty(navigator, 'serviceWorker', { value: Object.assign(new EventTarget(), container) });
  });
  await open(page, 'launches');
  await expect(page.getByText('A new version is ready.')).toBeVisible();
  await picture(page, 'notice-update');
  await page.evaluate(() => localStorage.setItem('sev-verifier-kept', 'yes'));
  await page.reload();
  await expect(page.getByText('Keys were kept here, and the browser has removed them.')).toBeVisible();
  await picture(page, 'notice-cleared');
  await page.addInitScript(() => {
    navigator.storage.estimate = () => Promise.resolve({ usage: 96, quota: 100 });
    localStorage.removeItem('sev-verifier-kept');
  });
  await page.reload();
  await expect(page.getByText("The room for this app's storage is nearly used up.")).toBeVisible();
  await picture(page, 'notice-full');
});
