// The platform owner's steps as a person takes them.
import { expect, type Page } from '@playwright/test';
import { demo, type Relay } from './world.ts';

export const OWNER = 'The rack in the cellar';
export const PASSPHRASE = 'an owner on this device';

export async function makeOwnerKey(page: Page, url = ''): Promise<void> {
  await page.goto(demo('#/ownership', url));
  await page.getByLabel('New passphrase').fill(PASSPHRASE);
  await page.getByLabel('The same passphrase again').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Set the passphrase' }).press('Enter');
  await page.getByText('Make or bring in an owner key').click();
  await page.getByLabel('Name of the owner').fill(OWNER);
  await page.getByRole('button', { name: 'Make an owner key' }).click();
  await expect(page.getByText(`Signing as ${OWNER}.`)).toBeVisible();
}

/** The operator allows what is asked at the relay's terminal. */
export async function allow(relay: Relay, question: RegExp): Promise<void> {
  await relay.says(question);
  relay.type('yes');
}
