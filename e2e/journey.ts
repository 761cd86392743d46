// The steps of a launch as a person takes them: by what stands on the screen.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import { pairByLink, type Relay } from './world.ts';

/** The sentence that a screen reader meets first. */
export const verdict = (page: Page): Locator => page.getByRole('heading', { level: 1 });

/** Opens the pairing link, confirms the host, and waits for the platform's verdict. */
export async function meet(page: Page, relay: Pick<Relay, 'link'>): Promise<void> {
  await pairByLink(page, relay.link);
  await expect(verdict(page)).toHaveText('This platform is simulated. It proves nothing.');
}

/** From the platform to a session: a guest image of one's own, and the policy that needs no SEV-ES. */
export async function makeSession(page: Page, image: string): Promise<void> {
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await page.getByRole('radio', { name: /^Without SEV-ES/ }).check();
  await chooseImage(page, image);
  await page.getByRole('button', { name: 'Make the session' }).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
}

export async function chooseImage(page: Page, image: string): Promise<void> {
  await page.getByLabel('Guest image file').setInputFiles(image);
  await expect(page.getByRole('button', { name: 'Choose another' })).toBeVisible();
}

/** Launches from a profile of the host, and waits for the verdict on the measurement. */
export async function launch(page: Page, profile: string, expected: string): Promise<void> {
  await page.getByRole('radio', { name: new RegExp(`^${profile} `) }).check();
  await page.getByRole('button', { name: 'Launch the guest, paused' }).click();
  await expect(verdict(page)).toHaveText(expected);
}

export const MATCH = 'The measurement matches, on a simulated platform.';
export const MISMATCH = 'The measurement does not match. Keep the secret.';

export async function release(page: Page, passphrase: string): Promise<void> {
  await page.getByLabel('Disk passphrase').fill(passphrase);
  await page.getByRole('button', { name: 'Release the disk key' }).click();
  await expect(verdict(page)).toHaveText('The host says that it took the secret. Let it run.');
}

export async function continueGuest(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Continue the guest' }).click();
  await expect(verdict(page)).toHaveText('The guest is running, on a simulated platform.');
}

/** The demo guest image, as the simulated host keeps it in its state folder. */
export const demoImage = (state: string): string => join(state, 'simulated', 'demo-guest.fd');

/** What a guest of a simulated host said on its console: only a test may look there. */
export function guestConsole(state: string, guest: string): string {
  const folder = readFileSync(join(state, 'simulated', 'simulated-run'), 'utf8').trim();
  return readFileSync(join(folder, 'guests', guest, 'console.log'), 'utf8');
}
