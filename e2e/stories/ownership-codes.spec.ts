// Ownership across the air gap: a platform taken over by codes alone, and an owner's key that is scanned where several
// platforms are known.
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expectAccessible } from '../access.ts';
import { filmCodes, openDevice } from '../camera.ts';
import { meet, verdict } from '../journey.ts';
import { allow, makeOwnerKey, OWNER } from '../ownership.ts';
import { connectTo, demo, expect, startRelay, test } from '../world.ts';

// A camera that runs beside everything else on two cores may take its time.
test.describe.configure({ timeout: 300_000 });

const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

test('An offline Platform Owner takes a platform over by codes alone, carried by a courier', async ({
  app,
  folder,
}) => {
  const relay = await startRelay(app.url, ['--simulate', '--state', folder, '--allow-ownership']);
  const owner = await openDevice(folder, 'owner');
  const courier = await openDevice(folder, 'courier');
  /** The owner scans whatever is shown: the code says itself where it belongs. */
  const scan = async (): Promise<void> => {
    await filmCodes(courier.page, owner);
    await owner.page.getByRole('link', { name: 'Scan a code', exact: true }).click();
  };
  try {
    await owner.page.goto(demo('', app.url));
    await expect(owner.page.getByText('Ready to work offline.')).toBeVisible();
    await press(owner.page, 'Dismiss');
    await owner.context.setOffline(true);
    await makeOwnerKey(owner.page, app.url);
    await courier.page.goto(demo('#/carry-ownership', app.url));
    await courier.page.getByLabel('Pairing link').fill(relay.link);
    await press(courier.page, connectTo(relay.link));

    await test.step('The platform chain, and its request', async () => {
      await expect(verdict(courier.page)).toHaveText('Show the platform chain to the owner.');
      await scan();
      await expect(verdict(owner.page)).toHaveText('This platform is simulated. It proves nothing.', {
        timeout: 60_000,
      });
      await press(courier.page, 'Go on: show the request');
      await expect(verdict(courier.page)).toHaveText('Show the request to the owner.');
      await scan();
      await expect(owner.page.getByText('Its chain leads to the root, and holds this very PEK')).toBeVisible({
        timeout: 60_000,
      });
    });
    await test.step('The signed PEK', async () => {
      await press(owner.page, `Sign as ${OWNER}`);
      await owner.page.getByText('Show it as a code').click();
      await filmCodes(owner.page, courier);
      await press(courier.page, 'Go on: scan the signed PEK');
      await expect(verdict(courier.page)).toHaveText('Have the platform import it.', { timeout: 60_000 });
      await expectAccessible(courier.page);
      await courier.page.getByRole('button', { name: /import it$/ }).click();
      await allow(relay, /PEK_CERT_IMPORT[^]*Type “yes”/);
    });
    await test.step('The new chain', async () => {
      await expect(verdict(courier.page)).toHaveText('Show the new chain to the owner.');
      await filmCodes(courier.page, owner);
      await press(owner.page, 'Scan a platform chain');
      await expect(verdict(owner.page)).toHaveText(/ is yours\.$/, { timeout: 60_000 });
    });
  } finally {
    await owner.close();
    await courier.close();
    await relay.stop();
  }
});

test("A Guest Owner scans an owner's key, and says of which of two platforms it is expected", async ({
  page,
  app,
  folder,
}) => {
  const startOne = (name: string) => startRelay(app.url, ['--simulate', '--state', join(folder, name)]);
  const [one, other] = [await startOne('one'), await startOne('other')];
  try {
    await meet(page, one);
    await meet(page, other);
    const [name = ''] = /127\.0\.0\.1:\d+/.exec(other.address) ?? [];
    await page.getByText("The owner's pin as a code").click();
    await page.locator('canvas[data-drawn]').waitFor();
    const pin = await page.getByRole('img', { name: "QR code: an owner's pin (OCA)" }).screenshot();
    await expectAccessible(page);

    await page.getByRole('link', { name: 'Scan a code', exact: true }).click();
    const code = { name: 'pin.png', mimeType: 'image/png', buffer: pin };
    await page.getByLabel('Pictures of the code').setInputFiles(code);
    await expect(page.getByRole('heading', { name: 'Where must this owner be the owner?' })).toBeVisible();
    const owned = page.getByRole('listitem').filter({ hasText: 'Its chain names this very owner.' });
    await expect(owned).toHaveCount(1);
    await expect(page.getByText('Its chain names another owner.')).toHaveCount(1);
    await expectAccessible(page);
    await owned.getByRole('button', { name: `Expect it of ${name}` }).click();
    await expect(page.getByText('the pinned owner is expected there.')).toBeVisible();
    await press(page, 'Done');
    await expect(page.getByRole('heading', { name: /^Where must/ })).toHaveCount(0);

    await page.getByRole('link', { name: new RegExp(`^${name}`) }).click();
    await expect(page.getByText('It belongs to the pinned owner, whose key you pinned.')).toBeVisible();
  } finally {
    await one.stop();
    await other.stop();
  }
});
