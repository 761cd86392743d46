// A mismatch whose reason this device cannot know: what else it may be is said, and an attestation report helps.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectAccessible } from '../access.ts';
import { demoImage, launch, makeSession, meet, MISMATCH, verdict } from '../journey.ts';
import { expect, test } from '../world.ts';

const BEYOND = 'It may also be, the likeliest first:';
const INPUTS_DIFFER = /^The AMD-SP measured what its attestation report names: key, policy and version are right/;

test('A Guest Owner is told where to look, when nothing on the device would have matched', async ({
  page,
  relay,
  folder,
}) => {
  const changed = join(folder, 'changed.fd');
  writeFileSync(changed, readFileSync(demoImage(folder)).fill(1, 0, 64));
  await meet(page, relay);
  await makeSession(page, changed);
  await launch(page, 'demo', MISMATCH);
  await expect(page.getByText(BEYOND)).toBeVisible();
  await expect(page.getByText(/^A guest image, kernel or initrd that is not known here/)).toBeVisible();
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Search further, for minutes' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('The search was stopped.')).toBeVisible();

  await page.getByText('Attestation report', { exact: true }).click();
  await page.getByRole('button', { name: 'Ask for an attestation report', exact: true }).click();
  await expect(page.getByText(INPUTS_DIFFER), 'the report splits inputs from key, policy and version').toBeVisible();
  await expect(verdict(page), 'and the verdict stays').toHaveText(MISMATCH);
  await expect(page.getByRole('button', { name: 'Release the disk key' })).toHaveCount(0);

  await page.reload();
  await expect(page.getByText(INPUTS_DIFFER)).toBeVisible();
});
