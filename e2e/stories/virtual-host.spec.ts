// The whole way, from a hand on the keyboard to a real virtual machine: QEMU and KVM are real, only the AMD-SP is software.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Page } from '@playwright/test';
import {
  chooseImage,
  continueGuest,
  demoImage,
  guestConsole,
  launch,
  makeSession,
  MATCH,
  meet,
  release,
  verdict,
} from '../journey.ts';
import { expect, firstExisting, startRelay, test } from '../world.ts';

const onPath = (name: string): readonly string[] =>
  (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));

/** What a virtual SEV host needs and this machine has not. */
const missing = (): readonly string[] =>
  Object.entries({
    '/dev/kvm': ['/dev/kvm'],
    'qemu-system-x86_64': onPath('qemu-system-x86_64'),
    'a C compiler': onPath('cc'),
    'linux/psp-sev.h': ['/usr/include/linux/psp-sev.h'],
  })
    .filter(([, paths]) => firstExisting(...paths) === undefined)
    .map(([name]) => name);

const mayUseKvm = (): boolean => {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

const PASSPHRASE = 'told by a real machine';

/** As `makeSession`, with SEV-ES: the number and model of the CPUs as the host's profile has them. */
async function makeEsSession(page: Page, image: string): Promise<void> {
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await page.getByRole('radio', { name: /^demo-es / }).check();
  // The host's word is compared, and not taken over.
  await page.getByLabel('Number of vCPUs').fill('2');
  await page.getByLabel('Number of vCPUs').press('Tab');
  await chooseImage(page, image);
  await page.getByRole('button', { name: 'Make the session' }).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
}

for (const [kind, profile, prepare] of [
  ['SEV', 'demo', makeSession],
  ['SEV-ES', 'demo-es', makeEsSession],
] as const) {
  test(`A real virtual machine with ${kind} tells the secret that was typed into the app`, async ({
    page,
    app,
    folder,
  }) => {
    test.skip(missing().length > 0, `missing here: ${missing().join(', ')}`);
    test.skip(!mayUseKvm(), '/dev/kvm may not be used here');
    test.setTimeout(120_000);
    const relay = await startRelay(app.url, ['--simulate=qemu', '--state', folder]);
    try {
      await meet(page, relay);
      await prepare(page, demoImage(folder));
      await launch(page, profile, MATCH);
      await release(page, PASSPHRASE);
      await continueGuest(page);
      const said = await page.getByRole('status').allInnerTexts();
      const [name] = /demo-[\w-]+/.exec(said.join(' ')) ?? [''];
      await expect.poll(() => guestConsole(folder, name), { timeout: 30_000 }).toContain(PASSPHRASE);
    } finally {
      await relay.stop();
    }
  });
}
