// No room is left in the middle of a launch: the record stays whole, nothing is handed out, and the words say what to do.
import type { Page } from '@playwright/test';
import { demoImage, launch, makeSession, MATCH, meet, release, verdict } from '../journey.ts';
import { expect, test } from '../world.ts';

const PASSPHRASE = 'correct horse battery staple';

/** From now on, and until the page is loaded anew, nothing finds room: as the browser tells it when the device is full. */
const fillDevice = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const refuse = function (this: IDBObjectStore): never {
      this.transaction.abort();
      throw new DOMException('There is no room.', 'QuotaExceededError');
    };
    Object.assign(IDBObjectStore.prototype, { put: refuse, add: refuse });
  });

const expectNoRoom = async (page: Page): Promise<void> => {
  await expect(page.getByRole('alert').filter({ hasText: 'The device has no room left for it.' })).toBeVisible();
  await expect(page.getByText("The room for this app's storage is nearly used up.")).toBeVisible();
};

test('A Guest Owner whose device is full loses nothing, hands nothing out, and goes on once there is room', async ({
  page,
  relay,
  folder,
}) => {
  test.slow();
  const sent: string[] = [];
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(payload.toString())));
  await meet(page, relay);
  await makeSession(page, demoImage(folder));

  await fillDevice(page);
  await page.getByRole('radio', { name: /^demo / }).check();
  await page.getByRole('button', { name: 'Launch the guest, paused' }).click();
  await expectNoRoom(page);
  expect(sent.join(), 'what cannot be noted is not asked for').not.toContain('guest.launch');
  await page.reload();
  await expect(verdict(page), 'the record is whole').toHaveText('The session is ready. Launch the guest.');
  await launch(page, 'demo', MATCH);

  await fillDevice(page);
  await page.getByLabel('Disk passphrase').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Release the disk key' }).click();
  await expectNoRoom(page);
  await expect(verdict(page)).toHaveText(MATCH);
  expect(sent.join(), 'no packet that the ledger does not know').not.toContain('guest.inject');
  await page.reload();
  await expect(verdict(page)).toHaveText(MATCH);
  await release(page, PASSPHRASE);
});
