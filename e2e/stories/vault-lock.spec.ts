// The lock of the keys: by passphrase or passkey, after a time, in all tabs at once, and slower after wrong passphrases.
import type { Page } from '@playwright/test';
import { expectAccessible } from '../access.ts';
import { protect, unlock, WORDS } from '../vault.ts';
import { demo, expect, test } from '../world.ts';

const OPEN = 'The keys can be used in this tab.';
const LOCKED = 'The keys are locked';

test('A Guest Owner opens the keys with a passkey, and takes it away again', async ({ page }) => {
  const authenticators = await virtualAuthenticators(page);
  await protect(page);
  await page.getByText('Passkey', { exact: true }).click();
  const refusing = await authenticators.add(false);
  await addPasskey(page);
  await expect(page.getByText('The passkey was not used: the question was cancelled, or took too long.')).toBeVisible();
  await authenticators.remove(refusing);
  await authenticators.add(true);
  await addPasskey(page);
  await expect(page.getByText('A passkey opens these keys, beside your passphrase.')).toBeVisible();
  await expectAccessible(page);

  await page.reload();
  await page.getByRole('button', { name: 'Unlock with the passkey' }).click();
  await expect(page.getByText(OPEN)).toBeVisible();
  await page.getByText('Passkey', { exact: true }).click();
  await page.getByRole('button', { name: 'Remove the passkey' }).click();
  await page.getByRole('button', { name: 'Let it open nothing here' }).click();
  await expect(page.getByRole('button', { name: 'Add a passkey' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: LOCKED })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Unlock with the passkey' })).toHaveCount(0);
  await unlock(page);
  await expect(page.getByText(OPEN)).toBeVisible();
});

test('A browser without passkeys says so, and the passphrase is enough', async ({ page }) => {
  await page.addInitScript('delete globalThis.PublicKeyCredential');
  await protect(page);
  await page.getByText('Passkey', { exact: true }).click();
  await expect(page.getByText('This browser has no passkeys. Your passphrase opens the keys.')).toBeVisible();
});

test('Wrong passphrases cost time, also after a reload, and lose nothing', async ({ page }) => {
  // The clock stands still, so that it does not matter how quick this machine is.
  const start = new Date();
  await page.clock.setFixedTime(start);
  await protect(page);
  for (let wrong = 0; wrong < 3; wrong++) {
    await page.reload();
    await unlock(page, `not the words ${wrong}`);
    await expect(page.getByText('The passphrase is not right.')).toBeVisible();
  }
  await page.reload();
  await unlock(page);
  await expect(page.getByText('Several passphrases were wrong. This one is tried in')).toBeVisible();
  await page.clock.setFixedTime(start.getTime() + 60_000);
  await expect(page.getByText(OPEN)).toBeVisible();
});

test('Keys lock in all tabs at once: by hand, after a time, and when the clock is set back', async ({
  page,
  context,
}) => {
  await page.clock.install();
  await protect(page);
  const other = await context.newPage();
  await other.clock.install();
  await other.goto(demo('#/keys'));
  await unlock(other);
  await expect(other.getByText(OPEN)).toBeVisible();
  await page.getByRole('button', { name: 'Lock the keys' }).click();
  await expect(other.getByRole('heading', { name: LOCKED })).toBeVisible();

  await unlock(page);
  await expect(page.getByText(OPEN)).toBeVisible();
  await page.clock.fastForward('14:00');
  await expect(page.getByText(OPEN)).toBeVisible();
  await page.clock.fastForward('02:00');
  await expect(page.getByRole('heading', { name: LOCKED })).toBeVisible();

  await unlock(page);
  await expect(page.getByText(OPEN)).toBeVisible();
  await page.clock.setSystemTime(new Date('2001-01-01'));
  await page.clock.runFor(10_000);
  await expect(page.getByRole('heading', { name: LOCKED })).toBeVisible();
  await unlock(page, WORDS);
  await expect(page.getByText(OPEN)).toBeVisible();
});

async function addPasskey(page: Page): Promise<void> {
  await page.getByLabel('Present passphrase').last().fill(WORDS);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
}

/** Chromium's own software authenticators. One that does not know its user answers as a cancelled question does. */
async function virtualAuthenticators(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  return {
    async add(isUserVerified: boolean): Promise<string> {
      const options = {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified,
        hasPrf: true,
        automaticPresenceSimulation: true,
      } as const;
      return (await session.send('WebAuthn.addVirtualAuthenticator', { options })).authenticatorId;
    },
    remove: (authenticatorId: string) => session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
  };
}
