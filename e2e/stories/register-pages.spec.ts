// A Guest Owner who has the VMSA pages as files: nothing is built in their place, and none is taken for the other.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { buildVmsa } from '../../shared/guest/vmsa.ts';
import { expectAccessible } from '../access.ts';
import { chooseImage, demoImage, launch, MATCH, meet, MISMATCH, verdict } from '../journey.ts';
import { expect, start, test } from '../world.ts';

const BOOT = 'Page of the boot processor';
const OTHERS = 'Page of all other processors';

/** From the same guest image as the host's, by the command; of a CPU that the app was never told. */
async function buildPage(folder: string, cpu: '0' | '1'): Promise<string> {
  const file = join(folder, `vmsa${cpu}.bin`);
  const settings = ['--cpu-model', 'EPYC', '--variant', 'qemu', '--firmware', demoImage(folder)];
  const built = start('dist/cli/main.js', ['vmsa', 'build', file, '--cpu', cpu, ...settings]);
  await built.says(/starts at/);
  return file;
}

const give = (page: Page, place: string, file: string): Promise<void> =>
  page.getByLabel(place, { exact: true }).setInputFiles(file);
const make = (page: Page) => page.getByRole('button', { name: 'Make the session' });

test('A Guest Owner gives VMSA pages as files, and a launch matches with these alone', async ({
  page,
  relay,
  folder,
}) => {
  const [boot, others] = [await buildPage(folder, '0'), await buildPage(folder, '1')];
  const short = join(folder, 'short.bin');
  writeFileSync(short, new Uint8Array(100));

  await meet(page, relay);
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await page.getByRole('radio', { name: /^demo-es / }).check();
  // The host's word is compared, and not taken over.
  await page.getByLabel('Number of vCPUs').fill('2');
  await page.getByLabel('Number of vCPUs').press('Tab');
  await chooseImage(page, demoImage(folder));
  await page.getByLabel('CPU model').selectOption('EPYC-Milan');
  await page.getByLabel('How the host makes their first registers').selectOption('From files of your own');
  await expect(page.getByLabel('CPU model')).toHaveCount(0);
  await expect(make(page)).toBeDisabled();

  await give(page, BOOT, short);
  await expect(page.getByText('A VMSA page has 4,096 bytes; this file has 100.')).toBeVisible();
  await give(page, BOOT, others);
  await expect(page.getByText('It is a page of the other processors.')).toBeVisible();
  await give(page, BOOT, boot);
  await expect(page.getByText(/^QEMU with KVM .* · 0x800f12 .*EPYC/)).toBeVisible();
  await expect(make(page)).toBeDisabled();
  await give(page, OTHERS, boot);
  await expect(page.getByText('It is the same page as the one of the boot processor.')).toBeVisible();
  await give(page, OTHERS, others);
  await expect(make(page)).toBeEnabled();
  await expect(page.getByText('It is the same page as the one of the boot processor.')).toHaveCount(0);
  await page.getByRole('group', { name: BOOT }).getByRole('button', { name: 'Choose another' }).click();
  await give(page, BOOT, others);
  await expect(page.getByText('It is the same page as the one of the boot processor.')).toBeVisible();
  await expect(page.getByText('vmsa0.bin', { exact: true })).toBeVisible();
  await expectAccessible(page);

  await page.reload();
  await expect(page.getByText('vmsa0.bin', { exact: true })).toBeVisible();
  await expect(page.getByText('vmsa1.bin', { exact: true })).toBeVisible();
  await make(page).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
  await launch(page, 'demo-es', MATCH);
  await expect(page.getByText('First registers from vmsa0.bin, vmsa1.bin')).toBeVisible();

  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the record' }).click();
  const record = join(folder, 'evidence.json');
  await (await saving).saveAs(record);
  const checked = start('dist/cli/main.js', ['evidence', record, '--simulated']);
  await checked.says(/SIMULATED: CONSISTENT, MEASURE NOT CHECKED/);
  expect(checked.output()).toContain('[ok] digest');
});

test('A Guest Owner who gave pages of another CPU keeps the secret, and puts them right', async ({
  page,
  relay,
  folder,
}) => {
  const [boot, others] = [await buildPage(folder, '0'), await buildPage(folder, '1')];
  const foreign = join(folder, 'foreign.bin');
  writeFileSync(foreign, buildVmsa({ variant: 'qemu', cpuSignature: 0xa00f11 }, 'boot').fill(1, 0x500, 0x501));

  await meet(page, relay);
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await page.getByRole('radio', { name: /^demo-es / }).check();
  // The host's word is compared, and not taken over.
  await page.getByLabel('Number of vCPUs').fill('2');
  await page.getByLabel('Number of vCPUs').press('Tab');
  await chooseImage(page, demoImage(folder));
  await page.getByLabel('How the host makes their first registers').selectOption('From files of your own');
  await give(page, BOOT, foreign);
  await expect(page.getByText(/^Of a maker that is not known here/)).toBeVisible();
  await give(page, OTHERS, others);
  await make(page).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
  await launch(page, 'demo-es', MISMATCH);

  await page.getByText('Compare with another guest image, or other settings').click();
  const made = page.getByLabel('How the host makes their first registers');
  await made.selectOption('libkrun');
  await expect(page.getByLabel(BOOT)).toHaveCount(0);
  await made.selectOption('From files of your own');
  await give(page, BOOT, boot);
  await expect(page.getByText('vmsa0.bin', { exact: true })).toBeVisible();
  await expect(page.getByText(/no page for/)).toHaveCount(0);
  await give(page, OTHERS, others);
  await expect(verdict(page)).toHaveText(MATCH);
});
