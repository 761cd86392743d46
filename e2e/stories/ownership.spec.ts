// The platform owner's side: from a key of one's own to a chain that names its owner.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expectAccessible } from '../access.ts';
import { meet, verdict } from '../journey.ts';
import { allow, makeOwnerKey, OWNER, PASSPHRASE } from '../ownership.ts';
import { unlock } from '../vault.ts';
import { demo, expect, startRelay, test } from '../world.ts';

// A passphrase, a key, and several chains to verify: a busy machine takes its time.
test.slow();

test('A platform owner takes a platform over through its relay, and gives it up again', async ({
  page,
  app,
  folder,
}) => {
  const relay = await startRelay(app.url, ['--simulate', '--state', folder, '--allow-ownership']);
  try {
    await meet(page, relay);
    await makeOwnerKey(page);
    await page.getByRole('button', { name: /^Ask .* for its request$/ }).click();
    await expect(page.getByText('Its chain leads to the root, and holds this very PEK')).toBeVisible();
    await expectAccessible(page);

    await page.getByRole('button', { name: `Sign as ${OWNER}` }).click();
    await page.getByRole('button', { name: /import it$/ }).click();
    await allow(relay, /PEK_CERT_IMPORT[^]*Type “yes”/);
    await expect(verdict(page)).toHaveText(/ is yours\.$/);
    await expectAccessible(page);

    await page.getByRole('link', { name: 'Open the platform' }).click();
    await expect(page.getByText(`It belongs to ${OWNER}, whose key you pinned.`)).toBeVisible();

    // What it would break is said first; saying no at the terminal changes nothing.
    await page.goto(demo('#/ownership'));
    await page.getByRole('button', { name: /^Ask .* for its request$/ }).click();
    await page.getByText('Change its keys').click();
    await page.getByRole('button', { name: 'Reset the platform' }).click();
    await expect(page.getByText(/forgets its owner and all its keys/)).toBeFocused();
    await page.getByRole('button', { name: 'Reset it, and lose the owner' }).click();
    await relay.says(/RESET this platform[^]*Type “yes”/);
    relay.type('no');
    await expect(page.getByRole('alert')).toContainText('RELAY_NOT_ALLOWED');

    await page.getByRole('button', { name: 'Make a new PEK' }).click();
    await page.getByRole('button', { name: 'Make a new PEK, and lose the owner' }).click();
    await allow(relay, /PEK_GEN[^]*Type “yes”/);
    await expect(verdict(page)).toHaveText(/ is not yours\.$/);
    await page.getByRole('link', { name: 'Open the platform' }).click();
    await expect(verdict(page)).toHaveText('Another owner than the one you pinned.');
  } finally {
    await relay.stop();
  }
});

/** A verb of `sev-relay` on the simulated host of a folder. */
function onHost(folder: string, ...args: readonly string[]): void {
  const simulated = ['--simulate', '--state', join(folder, 'state')];
  const { status, stderr } = spawnSync(process.execPath, ['dist/relay/main.js', ...args, ...simulated]);
  expect(status, stderr.toString()).toBe(0);
}

test('A platform owner takes a platform over by files alone, with the verbs on the host', async ({ page, folder }) => {
  const at = (name: string): string => join(folder, name);
  await makeOwnerKey(page);
  await expect(page.getByText('No relay that is connected allows ownership.')).toBeVisible();

  onHost(folder, 'export', '--full', at('before.chain'));
  const request = page.getByLabel('Request from the host');
  await request.setInputFiles(at('before.chain'));
  await expect(page.getByRole('alert')).toContainText('BYTES_SWAPPED');
  onHost(folder, 'provision', '--csr', at('pek_csr.cert'));
  await request.setInputFiles(at('pek_csr.cert'));
  await expect(page.getByText('Nothing ties this request to a chip')).toBeVisible();

  await page.getByRole('button', { name: `Sign as ${OWNER}` }).click();
  for (const name of ['pek_csr.signed.cert', 'oca.cert']) {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: `Save ${name}` }).click();
    await (await download).saveAs(at(name));
  }
  await expectAccessible(page);

  // The chain tells whose the platform is: not theirs before the import.
  const chain = page.getByLabel('Certificates of the platform');
  await chain.setInputFiles(at('before.chain'));
  await expect(verdict(page)).toHaveText('Platform is not yours.');
  const files = [at('pek_csr.signed.cert'), at('oca.cert')];
  onHost(folder, 'provision', '--import', ...files, '--allow-ownership', '--yes');
  onHost(folder, 'export', '--full', at('after.chain'));
  await chain.setInputFiles(at('after.chain'));
  await expect(verdict(page)).toHaveText('Platform is yours.');
  await page.getByRole('link', { name: 'Open the platform' }).click();
  await expect(page.getByText(`It belongs to ${OWNER}, whose key you pinned.`)).toBeVisible();
});

test('A platform owner reloads the page in the middle of every step, and nothing is imported twice', async ({
  page,
  app,
  folder,
}) => {
  const relay = await startRelay(app.url, ['--simulate', '--state', folder, '--allow-ownership']);
  try {
    await meet(page, relay);
    await makeOwnerKey(page);
    await page.getByRole('button', { name: /^Ask .* for its request$/ }).click();
    await expect(page.getByText('Its chain leads to the root, and holds this very PEK')).toBeVisible();

    await page.reload();
    await expect(page.getByText('Its chain leads to the root, and holds this very PEK')).toHaveCount(0);
    await unlock(page, PASSPHRASE);
    await expect(page.getByText('Its chain leads to the root, and holds this very PEK')).toBeVisible();
    await page.getByRole('button', { name: `Sign as ${OWNER}` }).click();
    await expect(page.getByText(`Signed as ${OWNER}.`)).toBeVisible();

    // Signed once, it needs no key any more: after the reload the vault stays locked.
    await page.reload();
    await page.getByRole('button', { name: /import it$/ }).click();
    await relay.says(/PEK_CERT_IMPORT[^]*Type “yes”/);
    await page.reload();
    await expect(verdict(page)).toHaveText('Whether the platform imported it is not known.');
    await expect(page.getByRole('button', { name: /import it$/ })).toHaveCount(0);
    await expectAccessible(page);
    await page.getByRole('button', { name: /^Ask .* for its chain$/ }).click();
    await expect(verdict(page)).toHaveText(/ is not yours\.$/);
    await expect(page.locator('#content').getByText('Its operator may still be asked at the terminal.')).toBeVisible();
    await expect(page.getByRole('button', { name: /import it$/ })).toHaveCount(0);

    relay.type('yes');
    await expect.poll(() => relay.output()).toContain(': allowed at the terminal');
    await page.getByRole('button', { name: /^Ask .* for its chain$/ }).click();
    await expect(verdict(page)).toHaveText(/ is yours\.$/);
    await page.reload();
    await expect(verdict(page)).toHaveText('Take a platform into ownership.');
    expect(relay.output().match(/Type “yes”/g)).toHaveLength(1);
  } finally {
    await relay.stop();
  }
});
