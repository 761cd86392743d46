// A database of a version that kept no origins: nothing is lost, and nothing of it decides before its owner has looked.
import type { Page } from '@playwright/test';
import { demoImage, launch, makeSession, MATCH, meet, release, verdict } from '../journey.ts';
import { expect, test } from '../world.ts';

/** What an earlier version would have stored of the same. */
const forgetOrigins = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('sev-verifier-demo');
        opening.onerror = () => reject(new Error('no database'));
        opening.onsuccess = () => {
          const transaction = opening.result.transaction(['references', 'launches'], 'readwrite');
          for (const name of ['references', 'launches']) {
            const store = transaction.objectStore(name);
            store.openCursor().onsuccess = (event) => {
              const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result;
              if (!cursor) return;
              const record = cursor.value as {
                origin?: string;
                guestImage?: { code?: unknown };
                plan?: { origins?: unknown };
              };
              delete record.origin;
              delete record.guestImage?.code;
              delete record.plan?.origins;
              cursor.update(record);
              cursor.continue();
            };
          }
          transaction.oncomplete = () => {
            opening.result.close();
            resolve();
          };
        };
      }),
  );

test('A Guest Owner takes over what an earlier version kept: all is there, and each value is confirmed or read again', async ({
  page,
  relay,
  folder,
}) => {
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await forgetOrigins(page);
  await page.reload();

  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
  await expect(page.getByRole('heading', { name: 'Not confirmed by you' })).toBeVisible();
  const policy = page.getByRole('group', { name: 'policy', exact: true });
  await expect(policy.getByText('claimed by an earlier version of this app, not confirmed')).toBeVisible();
  await page.getByRole('button', { name: 'Confirm the policy' }).click();
  await expect(policy).toHaveCount(0);
  await page.getByRole('button', { name: 'Confirm the guest image' }).click();
  await expect(page.getByRole('heading', { name: 'Not confirmed by you' })).toHaveCount(0);

  // Confirmed, and still not read: the secret stays, until the file itself was looked at.
  await launch(page, 'demo', 'The secret stays with you.');
  await expect(page.getByLabel('Disk passphrase')).toHaveCount(0);
  await page.getByText('Compare with another guest image, or other settings').click();
  await page.getByRole('button', { name: 'Choose another' }).click();
  await page.getByLabel('Guest image file').setInputFiles(demoImage(folder));
  await expect(verdict(page)).toHaveText(MATCH);
  await release(page, 'correct horse battery staple');
});
