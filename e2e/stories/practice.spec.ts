// Practice: a whole launch against the host that lives in the page, and the lies of the tamper lab.
import type { Page } from '@playwright/test';
import { expectAccessible } from '../access.ts';
import { continueGuest, launch, MATCH, MISMATCH, release, verdict } from '../journey.ts';
import { expect, test } from '../world.ts';

const PASSPHRASE = 'words for practice only';

// The host is a worker of the page, and the lab plays sixteen launches: a busy machine takes its time.
test.slow();

/** Every screen of practice says so. */
const expectSimulated = (page: Page): Promise<void> =>
  expect(page.getByRole('main').getByText('SIMULATED').first()).toBeVisible();

/** By keyboard, as far as one goes without a file. */
async function meetPracticeHost(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Meet the practice host' }).press('Enter');
  await expect(verdict(page)).toHaveText('This platform is simulated. It proves nothing.');
}

async function makePracticeSession(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  const add = page.getByRole('button', { name: 'Add demo-guest.fd to the library of practice' });
  const demo = page.getByRole('radio', { name: /^demo-guest\.fd/ });
  await expect(add.or(demo)).toBeVisible();
  if (await add.isVisible()) await add.click();
  await demo.click();
  await page.getByRole('button', { name: 'Make the session' }).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
}

test('Somebody practises a whole launch with the network off, and the guest tells the secret', async ({
  page,
  context,
}) => {
  const asked: string[] = [];
  await page.goto('/');
  await expect(page.getByText('Ready to work offline.')).toBeVisible();
  await context.setOffline(true);
  page.on('websocket', (socket) => asked.push(socket.url()));

  await page.getByRole('link', { name: /practise first/ }).click();
  await expectSimulated(page);
  await expectAccessible(page);
  await meetPracticeHost(page);
  await expectSimulated(page);
  await makePracticeSession(page);
  await expectSimulated(page);
  await expectAccessible(page);
  await launch(page, 'demo', MATCH);
  await release(page, PASSPHRASE);
  await continueGuest(page);
  await expectSimulated(page);
  await expect(page.getByRole('figure').filter({ hasText: 'Console of the guest' })).toContainText(PASSPHRASE);
  await page.getByText('Attestation report', { exact: true }).click();
  await page.getByRole('button', { name: 'Ask for an attestation report' }).click();
  await expect(page.getByRole('heading', { name: /^A simulated platform has a guest/ })).toBeVisible();
  await expectAccessible(page);
  expect(asked, 'no socket was opened').toEqual([]);

  // Nothing of it is among what is real.
  await page.goto('/#/launches');
  await expect(page.getByText('No launches yet.')).toBeVisible();
  await page.goto('/#/platforms');
  await expect(page.getByText('You have not met a platform yet.')).toBeVisible();
  await page.goto('/#/library');
  await expect(page.getByText('demo-guest.fd')).toBeHidden();

  await page.goto('/#/practice');
  await expect(page.getByRole('link', { name: /launch 1/ })).toBeVisible();
  await page.getByRole('button', { name: 'Clear everything of practice' }).click();
  await expect(page.getByText('Everything of practice is cleared.')).toBeVisible();
  await expect(page.getByRole('link', { name: /launch 1/ })).toBeHidden();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Meet the practice host' })).toBeVisible();
});

test('Somebody practises with a host that lies, and keeps the secret', async ({ page }) => {
  await page.goto('/#/practice');
  await meetPracticeHost(page);
  await makePracticeSession(page);
  await launch(page, 'demo-lie', MISMATCH);
  await expect(page.getByRole('heading', { name: 'Caught' })).toBeVisible();
  await expect(page.getByLabel('Disk passphrase')).toBeHidden();
  await expectAccessible(page);

  // The host of practice ends with the page: its platform comes back, its guests do not.
  await page.reload();
  await expect(page.getByRole('heading', { name: 'The guest is gone' })).toBeVisible();
  await page.getByRole('link', { name: 'All of practice' }).click();
  await page.getByRole('button', { name: 'Go on practising' }).click();
  await expect(verdict(page)).toHaveText('This platform is simulated. It proves nothing.');
  await page.getByRole('link', { name: 'All of practice' }).click();
  await expect(page.getByRole('link', { name: /The practice platform/ })).toHaveCount(1);
});

test('Every lie of the tamper lab is caught by the checks, and an honest host is not', async ({ page }) => {
  await page.goto('/#/practice/lab');
  await expect(verdict(page)).toHaveText('Tell a lie, and see what catches it.');
  await expectSimulated(page);
  await page.getByRole('radio', { name: /^A forged root/ }).check();
  await page.getByRole('button', { name: 'Tell it' }).press('Enter');
  await expect(verdict(page)).toHaveText('Caught. The secret stays with you.');
  const story = page.getByRole('region', { name: 'What came of it' });
  await expect(story).toContainText('carries the key id of AMD');
  await expect(story).toContainText('CERT_ROOT_UNKNOWN');
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Tell them all' }).click();
  await expect(page.getByText('15 of 15 lies were caught.')).toBeVisible({ timeout: 120_000 });
  await page.getByRole('radio', { name: /^No lie/ }).check();
  await page.getByRole('button', { name: 'Tell it' }).click();
  await expect(verdict(page)).toHaveText('Nothing to catch: the guest has the secret.');
  await expect(story).toContainText('the secret of the lab');
});
