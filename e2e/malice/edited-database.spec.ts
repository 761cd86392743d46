// Whoever can write into the browser's storage, without the passphrase, says there that more was accepted than was.
import type { Page } from '@playwright/test';
import { demoImage, makeSession, meet, verdict } from '../journey.ts';
import { expect, test } from '../world.ts';
import { protect, unlock } from '../vault.ts';

/** Has every stored session accept key sharing, as its maker never did. */
const acceptKeySharing = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((done) => {
      const opening = indexedDB.open('sev-verifier-demo');
      opening.onsuccess = () => done(opening.result);
    });
    const store = database.transaction('launches', 'readwrite').objectStore('launches');
    await new Promise<void>((done) => {
      const asking = store.getAll();
      asking.onsuccess = () => {
        for (const launch of asking.result as { session: object }[])
          store.put({ ...launch, session: { ...launch.session, acceptsKeySharing: true } });
      };
      store.transaction.oncomplete = () => done();
    });
    database.close();
  });

test('A session that was edited in storage releases nothing, and the app says what happened', async ({
  page,
  relay,
  folder,
}) => {
  await protect(page);
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await acceptKeySharing(page);
  await page.reload();
  await unlock(page);
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
  await page.getByRole('radio', { name: /^demo / }).check();
  await page.getByRole('button', { name: 'Launch the guest, paused' }).click();
  await expect(page.getByRole('alert')).toContainText('VAULT_CHANGED');
  await expect(page.getByRole('button', { name: 'Release the disk key' })).toHaveCount(0);
});
