// A guest that the host boots with -kernel: what the guest owner brings is measured with the guest image.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { DEMO_GUEST_IMAGE_NAME, demoGuestImage } from '../../shared/simulator/demo-guest/image.ts';
import { chooseImage, launch, MATCH, meet, MISMATCH, release, verdict } from '../journey.ts';
import { expect, type Relay, startRelay, test } from '../world.ts';

const CMDLINE = 'console=ttyS0 root=/dev/mapper/root';

/** A host that offers the demo image with a kernel, in a file of profiles as its operator writes it. */
async function hostWithKernel(appUrl: string, folder: string): Promise<Relay> {
  const at = (name: string) => join(folder, name);
  writeFileSync(at(DEMO_GUEST_IMAGE_NAME), demoGuestImage());
  writeFileSync(at('vmlinuz'), 'a kernel, as far as its hash goes');
  writeFileSync(at('initrd.img'), 'and its initrd');
  const shape = { kind: 'sev-es', cpus: 2, cpuModel: 'EPYC-Milan', memoryMiB: 256 };
  const files = { firmware: at(DEMO_GUEST_IMAGE_NAME), kernel: at('vmlinuz'), initrd: at('initrd.img') };
  const profiles = [{ name: 'direct', ...shape, ...files, cmdline: CMDLINE }];
  writeFileSync(at('profiles.json'), JSON.stringify({ profiles }));
  return startRelay(appUrl, ['--simulate', '--state', folder, '--profiles', at('profiles.json')]);
}

const follow = (page: Page): Promise<void> => page.getByRole('radio', { name: /^direct / }).check();
const make = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'Make the session' }).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
};
/** A CPU by its numbers, as one that only the host has. */
async function describeCpu(page: Page, numbers: string, read: string): Promise<void> {
  await page.getByLabel('CPU model').selectOption("Another, or the host's own");
  const field = page.getByLabel('Its family, model and stepping');
  await field.fill('25/1');
  await field.press('Tab');
  await expect(field).toHaveJSProperty('validity.valid', false);
  await field.fill(numbers);
  await field.press('Tab');
  await expect(page.getByText(read)).toBeVisible();
}
const warning = (page: Page) => page.getByText('If the host starts what it says, the measurement will not match');

test('A Guest Owner has kernel, initrd and command line measured, and is warned before a session is wasted', async ({
  page,
  app,
  folder,
}) => {
  const relay = await hostWithKernel(app.url, folder);
  try {
    await meet(page, relay);
    await page.getByRole('button', { name: 'Prepare a launch here' }).click();
    await follow(page);
    await chooseImage(page, join(folder, DEMO_GUEST_IMAGE_NAME));
    // What the host says is shown beside what is expected, and goes nowhere by itself.
    const comparison = page.getByRole('region', { name: 'direct, field by field' });
    await expect(comparison.getByText('vmlinuz', { exact: true })).toBeVisible();
    await expect(page.getByLabel('Kernel command line', { exact: true })).toHaveCount(0);
    await page.getByRole('checkbox', { name: /^Kernel, initrd and command line are measured/ }).click();
    await expect(page.getByLabel('Kernel command line', { exact: true })).toHaveValue('');
    await expect(page.getByRole('button', { name: 'Make the session' })).toBeDisabled();
    // Parameter by parameter: the owner ticks what they recognize.
    for (const parameter of CMDLINE.split(' ')) await comparison.getByRole('checkbox', { name: parameter }).check();
    await comparison.getByRole('button', { name: 'Expect the ticked parameters' }).click();
    await expect(page.getByLabel('Kernel command line', { exact: true })).toHaveValue(CMDLINE);
    await page.getByLabel('Number of vCPUs').fill('2');
    await page.getByLabel('Number of vCPUs').press('Tab');
    await page.getByLabel('Kernel file').setInputFiles(join(folder, 'vmlinuz'));
    await page.getByLabel('Initrd file').setInputFiles(join(folder, 'initrd.img'));
    await expect(page.getByRole('button', { name: 'Without an initrd' })).toBeVisible();
    await describeCpu(page, '25/1/1', '0xa00f11 (family 25, model 1, stepping 1: EPYC-Milan)');
    await make(page);
    await expect(warning(page)).toHaveCount(0);
    await launch(page, 'direct', MATCH);
    await release(page, 'correct horse battery staple');

    // The next time the library knows what the host names. Without the initrd it is another launch.
    await page.getByRole('link', { name: 'Platforms' }).click();
    await page
      .getByRole('main')
      .getByRole('link', { name: /127\.0\.0\.1/ })
      .click();
    await page.getByRole('button', { name: 'Prepare a launch here' }).click();
    await follow(page);
    await expect(page.getByRole('button', { name: 'Use demo-guest.fd from my library' })).toBeVisible();
    await page.getByRole('button', { name: 'Use demo-guest.fd from my library' }).click();
    await page.getByRole('checkbox', { name: /^Kernel, initrd and command line are measured/ }).click();
    await page.getByRole('button', { name: 'Use vmlinuz from my library' }).click();
    await page.getByLabel('Kernel command line', { exact: true }).fill(CMDLINE);
    await page.getByLabel('Number of vCPUs').fill('2');
    await page.getByLabel('Number of vCPUs').press('Tab');
    await make(page);
    await expect(warning(page)).toBeVisible();
    await expect(page.getByText('Names another initrd than yours')).toBeVisible();
    await launch(page, 'direct', MISMATCH);
    await expect(page.getByLabel('Disk passphrase')).toHaveCount(0);
  } finally {
    await relay.stop();
  }
});
