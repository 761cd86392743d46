// Pictures of every step of a launch, for the README and for looking at: `npm run pictures`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildVmsa } from '../../shared/guest/vmsa.ts';
import {
  chooseImage,
  continueGuest,
  demoImage,
  launch,
  makeSession,
  MATCH,
  meet,
  MISMATCH,
  release,
  verdict,
} from '../journey.ts';
import { LyingRelay } from '../malice/lying-relay.ts';
import { demo, expect, test } from '../world.ts';
import { picture } from './picture.ts';

const MILAN = { variant: 'qemu', cpuSignature: 0xa00f11 } as const;
const PASSPHRASE = 'correct horse battery staple';

test('every step of a launch', async ({ page, relay, folder }) => {
  await page.addInitScript(() => (globalThis.print = () => undefined));
  await meet(page, relay);
  await picture(page, '1-platform');
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await expect(verdict(page)).toHaveText('Choose what may run, and under which policy.');
  await picture(page, '2-choose');
  await page.getByRole('radio', { name: /^Without SEV-ES/ }).check();
  await chooseImage(page, demoImage(folder));
  await picture(page, '2-chosen');
  await page.getByRole('button', { name: 'Make the session' }).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
  await expect(page.getByRole('radio', { name: /^demo / })).toBeVisible();
  await picture(page, '2-session');
  await page.getByText('Configuration of the host').click();
  const audit = page.getByLabel('Or paste it').last();
  await audit.fill(await page.getByRole('textbox', { name: 'libvirt domain', exact: true }).last().inputValue());
  await page.getByRole('button', { name: 'Check this configuration' }).click();
  await picture(page, '2-configuration');
  await page.getByText('Configuration of the host').click();
  await page.getByText('Without the relay: by file, paste or code').click();
  await page.getByText('Show it as a code').click();
  await page.locator('canvas[data-drawn]').waitFor();
  await picture(page, '2-by-hand');
  await page.getByText('Without the relay: by file, paste or code').click();
  await launch(page, 'demo', MATCH);
  await picture(page, '3-verdict');
  await page.getByLabel('Disk passphrase').fill(PASSPHRASE);
  await picture(page, '4-secret');
  await release(page, PASSPHRASE);
  await picture(page, '5-released');
  await continueGuest(page);
  await picture(page, '6-running');
  await page.getByLabel('The guest says that SEV is active').check();
  await page.getByLabel('Its encrypted disk is open').check();
  await expect(verdict(page)).toHaveText('The guest runs, and you found your secret in it.');
  await picture(page, '6-found');
  await page.getByRole('button', { name: 'Print it' }).click();
  await page.emulateMedia({ media: 'print' });
  await picture(page, '6-printed');
  await page.emulateMedia({ media: 'screen' });
  await page.goto(demo('#/library'));
  await expect(page.getByText('demo-guest.fd').first()).toBeVisible();
  await picture(page, 'library');
  await page.goto(demo('#/platforms'));
  await picture(page, 'platforms');
  await page.goto(demo('#/launches'));
  await picture(page, 'launches-few');
});

test("SEV-ES, a kernel, and a policy of one's own", async ({ page, relay, folder }) => {
  await meet(page, relay);
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await chooseImage(page, demoImage(folder));
  await page.getByText(/^Each bit in words/).click();
  await page.getByLabel(/^Kernel, initrd and command line are measured/).check();
  await picture(page, '2-all-choices');
  await page.getByLabel('Number of vCPUs').fill('2');
  await page.getByLabel('Number of vCPUs').press('Tab');
  await page.getByLabel('How the host makes their first registers').selectOption('files');
  const page0 = { name: 'vmsa0.bin', mimeType: '', buffer: Buffer.from(buildVmsa(MILAN, 'boot')) };
  await page.getByLabel('Page of the boot processor').setInputFiles(page0);
  await expect(page.getByText('vmsa0.bin', { exact: true })).toBeVisible();
  await picture(page, '2-register-pages');
});

test('a mismatch, and what the doctor says', async ({ page, relay, folder }) => {
  const changed = join(folder, 'changed.fd');
  writeFileSync(changed, readFileSync(demoImage(folder)).fill(1, 0, 64));
  await page.goto(demo('#/library'));
  await page.getByLabel('File to add').setInputFiles(demoImage(folder));
  await expect(page.getByText('demo-guest.fd').first()).toBeVisible();
  await meet(page, relay);
  await makeSession(page, changed);
  await launch(page, 'demo', MISMATCH);
  await expect(page.getByText('Would have matched')).toBeVisible();
  await picture(page, '7-mismatch');
  await page.getByText('Compare with another guest image').click();
  await picture(page, '7-other');
  await page.getByRole('button', { name: 'Abandon this launch' }).click();
  await expect(verdict(page)).toHaveText('This launch was abandoned.');
  await page.reload();
  await expect(page.getByText(/^Judged on /)).toBeVisible();
  await picture(page, '8-abandoned');
});

test('the relay goes, and nobody knows whether the secret arrived', async ({ page, relay, folder }) => {
  const liar = await LyingRelay.start(relay);
  await meet(page, liar);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  const error = { code: -32000, message: '', data: { reason: 'RELAY_INJECT_UNKNOWN', next: '' } };
  liar.lies = [{ at: 'guest.inject', swallows: true, tell: () => ({ error }) }];
  await page.getByLabel('Disk passphrase').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Release the disk key' }).click();
  await expect(verdict(page)).toHaveText('Nobody knows whether the secret arrived.');
  await picture(page, '5-unknown');
  await liar.close();
  await expect(page.getByText(/The connection to .* is gone/)).toBeVisible();
  await picture(page, '5-relay-gone');
});
