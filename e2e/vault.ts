// The vault as a person uses it: its passphrase, and what is kept under it.
import { expect, type Page } from '@playwright/test';
import { demo } from './world.ts';

export const WORDS = 'several plain words';

/** Where keys for real are; no simulated platform is met there. */
export const REAL_KEYS = '/#/keys';

/** Sets the first passphrase of this device, on the Keys page: of the demo, unless told otherwise. */
export async function protect(page: Page, passphrase = WORDS, place = demo('#/keys')): Promise<void> {
  await page.goto(place);
  await page.getByLabel('New passphrase').fill(passphrase);
  await page.getByLabel('The same passphrase again').fill(passphrase);
  await page.getByRole('button', { name: 'Set the passphrase' }).click();
  await expect(page.getByText('The keys can be used in this tab.')).toBeVisible();
}

export async function unlock(page: Page, passphrase = WORDS): Promise<void> {
  await page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
  await page.getByRole('button', { name: 'Unlock the keys' }).click();
}

export async function keepSecret(page: Page, name: string, text: string): Promise<void> {
  await page.getByText('Keep a disk secret').click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Secret', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Keep it encrypted' }).click();
  await expect(page.getByText(`“${name}” is kept.`)).toBeVisible();
}
