// What goes wrong ends in a sentence, a next step, and a record that is still there.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoImage, launch, makeSession, MATCH, meet, MISMATCH, verdict } from '../journey.ts';
import { expect, NO_VECTORS, pairByLink, startRelay, test, vectorsFolder } from '../world.ts';

test('A Guest Owner keeps the secret when the guest image was changed', async ({ page, relay, folder }) => {
  const changed = join(folder, 'changed.fd');
  const image = readFileSync(demoImage(folder));
  image[0x1000]! ^= 1;
  writeFileSync(changed, image);

  await meet(page, relay);
  await makeSession(page, changed);
  await launch(page, 'demo', MISMATCH);
  await expect(page.getByText('The launch measure does not match the guest image').first()).toBeVisible();
  await expect(page.getByLabel('Disk passphrase')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Release the disk key' })).toHaveCount(0);

  await page.reload();
  await expect(verdict(page)).toHaveText(MISMATCH);
  await expect(page.getByRole('button', { name: 'Release the disk key' })).toHaveCount(0);
});

test('A wrong pairing code is named, and its message is not a stack trace', async ({ page, relay }) => {
  await pairByLink(page, relay.link.replace(relay.code, '0000-0000-0000-0000'));
  await expect(page.getByText('The pairing code is wrong.').first()).toBeVisible();
  await expect(page.getByText('Copy the pairing link from the relay').first()).toBeVisible();
});

test('A file that is no certificate is named for what it is not', async ({ page, app, folder }) => {
  const file = join(folder, 'holiday.cert');
  writeFileSync(file, 'not a certificate at all');
  await page.goto(`${app.url}/#/connect`);
  await page.getByLabel('Certificates of the platform').setInputFiles(file);
  await expect(page.getByText('This is nothing that is known here.').first()).toBeVisible();
});

test('A mebibyte of line feeds is refused in words, and the page never stands still', async ({ page, app }) => {
  await page.goto(app.url);
  await expect(page.getByRole('heading').first()).toBeVisible();
  const longest = await page.evaluate(async () => {
    let [last, worst] = [performance.now(), 0];
    const ticking = setInterval(() => {
      worst = Math.max(worst, performance.now() - last);
      last = performance.now();
    }, 20);
    const data = new DataTransfer();
    data.items.add(new File([`x${'\n'.repeat(1024 * 1024 - 2)}x`], 'notes.txt'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    clearInterval(ticking);
    return worst;
  });
  await expect(page.getByText('This is nothing that is known here.').first()).toBeVisible();
  expect(longest).toBeLessThan(2000);
});

test('A truncated chain and a forged root are refused in words', async ({ page, app }) => {
  test.skip(!vectorsFolder, NO_VECTORS);
  const drop = async (name: string): Promise<void> => {
    await page.goto('about:blank');
    await page.goto(`${app.url}/#/connect`);
    await page.getByLabel('Certificates of the platform').setInputFiles(join(vectorsFolder!, name));
  };
  await drop('negative/short.chain');
  await expect(page.getByText(/bytes/).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Prepare a launch here' })).toHaveCount(0);

  await drop('negative/forged-root.chain');
  await expect(verdict(page)).toHaveText("Not genuine: the root key is not AMD's.");
  await expect(page.getByRole('button', { name: 'Prepare a launch here' })).toHaveCount(0);
});

test('A relay that dies in the middle loses nothing, and the launch goes on with the next', async ({
  page,
  app,
  folder,
  relay,
}) => {
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  const { port } = new URL(relay.address);
  await relay.stop('SIGKILL');
  await expect(page.getByText(/The connection to .* is gone/)).toBeVisible();

  const next = await startRelay(app.url, ['--simulate', '--state', folder, '--listen', `127.0.0.1:${port}`]);
  try {
    await page.goto('about:blank');
    await meet(page, next);
    await page.getByRole('link', { name: 'Launches' }).click();
    await page.getByRole('link', { name: /launch 1/ }).click();
    await launch(page, 'demo', MATCH);
  } finally {
    await next.stop();
  }
});

test('A mismatch is resolved by the image that was meant, or the launch is abandoned with its record', async ({
  page,
  relay,
  folder,
}) => {
  const other = join(folder, 'other.fd');
  writeFileSync(other, readFileSync(demoImage(folder)).fill(0, 0, 64));
  await meet(page, relay);
  await makeSession(page, other);
  await launch(page, 'demo', MISMATCH);
  await page.getByText('Compare with another guest image').click();
  await page.getByRole('button', { name: 'Choose another' }).click();
  await page.getByLabel('Guest image file').setInputFiles(demoImage(folder));
  await expect(verdict(page)).toHaveText(MATCH);
  await page.getByRole('button', { name: 'Abandon this launch' }).click();
  await expect(verdict(page)).toHaveText('This launch was abandoned.');
  await page.getByRole('link', { name: 'Launches' }).click();
  await expect(page.getByRole('link', { name: /Abandoned/ })).toBeVisible();
});
