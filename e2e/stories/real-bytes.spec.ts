// Real certificates, a real QEMU, and another project's tool.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseImage, launch, makeSession, MATCH, meet, verdict } from '../journey.ts';
import { expect, firstExisting, NO_VECTORS, startRelay, test, vectorsFolder } from '../world.ts';

const dropChain = async (page: import('@playwright/test').Page, url: string, path: string): Promise<void> => {
  await page.goto('about:blank');
  await page.goto(`${url}/#/connect`);
  await page.getByLabel('Certificates of the platform').setInputFiles(path);
};

test('The certificates of a real Naples machine come out as genuine AMD', async ({ page, app }) => {
  test.skip(!vectorsFolder, NO_VECTORS);
  await dropChain(page, app.url, join(vectorsFolder!, 'certs/naples/full_chain.cert'));
  await expect(verdict(page)).toHaveText('This is genuine AMD hardware: Naples (EPYC 7001).');
  await expect(page.getByText('SIMULATED')).toHaveCount(0);
});

test('A session for real hardware is made only once its keys lie under a passphrase', async ({ page, app, folder }) => {
  test.skip(!vectorsFolder, NO_VECTORS);
  await dropChain(page, app.url, join(vectorsFolder!, 'certs/naples/full_chain.cert'));
  await expect(verdict(page)).toHaveText('This is genuine AMD hardware: Naples (EPYC 7001).');
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await page.getByRole('radio', { name: /^Without SEV-ES/ }).check();
  const image = join(folder, 'image.fd');
  writeFileSync(image, Buffer.alloc(65_536, 7));
  await chooseImage(page, image);
  await expect(page.getByRole('heading', { name: 'Protect the keys on this device' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Make the session' })).toHaveCount(0);

  await page.getByLabel('New passphrase').fill('correct horse battery staple');
  await page.getByLabel('The same passphrase again').fill('correct horse battery staple');
  await page.getByRole('button', { name: 'Set the passphrase' }).click();
  await page.getByRole('button', { name: 'Make the session' }).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
});

/** One byte in each certificate: in its key, its signature, its padding. The link that breaks is the one named. */
const CHANGES: readonly (readonly [offset: number, broken: RegExp])[] = [
  [0x20, /PDH/],
  [2084 + 0x30, /PEK/],
  [2084 + 0x600, /PEK/],
  [2 * 2084 + 0x18, /OCA/],
  [3 * 2084 + 0x420, /CEK/],
  [4 * 2084 + 300, /ASK/],
  [4 * 2084 + 832 + 400, /root|ARK/],
];

test('The same certificates with one byte changed are not genuine, and the broken link is named', async ({
  page,
  app,
  folder,
}) => {
  test.skip(!vectorsFolder, NO_VECTORS);
  const real = readFileSync(join(vectorsFolder!, 'certs/naples/full_chain.cert'));
  for (const [offset, broken] of CHANGES) {
    const changed = Buffer.from(real);
    changed[offset]! ^= 0x40;
    const path = join(folder, `changed-${offset}.cert`);
    writeFileSync(path, changed);
    await dropChain(page, app.url, path);
    await expect(verdict(page), `byte ${offset}`).toHaveText(/^Not genuine/);
    await expect(verdict(page), `byte ${offset}`).toHaveText(broken);
    await expect(page.getByRole('button', { name: 'Prepare a launch here' })).toHaveCount(0);
  }
});

test('A real QEMU without SEV is shown paused, continued, and called what it is', async ({ page, app, folder }) => {
  const qemu = firstExisting('/usr/bin/qemu-system-x86_64');
  test.skip(!qemu, 'qemu-system-x86_64 is not installed');
  const socket = join(folder, 'qmp.sock');
  const guest = spawn(qemu!, ['-S', '-nodefaults', '-display', 'none', '-qmp', `unix:${socket},server=on,wait=off`], {
    stdio: 'ignore',
  });
  const relay = await startRelay(app.url, ['--simulate', '--state', folder, '--qmp', `plain=${socket}`]);
  try {
    await meet(page, relay);
    const guests = page.getByRole('region', { name: 'Guests on this host' });
    await expect(guests).toContainText('This is not an SEV guest: nothing of it is encrypted or measured');
    await expect(guests).toContainText('It is paused before its first instruction.');
    await guests.getByRole('button', { name: 'Continue plain without SEV' }).click();
    await expect(guests).toContainText('It is running.');
  } finally {
    await relay.stop();
    guest.kill('SIGKILL');
  }
});

test("Debian's OVMF is a guest image: it is measured, and known to have no room for a secret", async ({
  page,
  app,
  folder,
}) => {
  const ovmf = firstExisting('/usr/share/ovmf/OVMF.fd', '/usr/share/OVMF/OVMF.fd');
  test.skip(!ovmf, 'no OVMF image is installed');
  const profiles = join(folder, 'profiles.json');
  const profile = { name: 'ovmf', kind: 'sev', firmware: ovmf, cpus: 1, cpuModel: 'EPYC-v4', memoryMiB: 256 };
  writeFileSync(profiles, JSON.stringify({ profiles: [profile] }));
  const relay = await startRelay(app.url, ['--simulate', '--state', folder, '--profiles', profiles]);
  try {
    await meet(page, relay);
    await makeSession(page, ovmf!);
    await launch(page, 'ovmf', MATCH);
    await expect(page.getByText('This guest image has no room for a secret.')).toBeVisible();
    await expect(page.getByLabel('Disk passphrase')).toHaveCount(0);
    await page.getByRole('button', { name: 'Continue without a secret' }).click();
    await expect(verdict(page)).toHaveText('The guest is running. No secret was released.');
  } finally {
    await relay.stop();
  }
});
