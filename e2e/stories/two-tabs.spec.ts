// What happens around a launch to the storage and the tabs of a browser: nothing is released twice, and it is said.
import { demoImage, launch, makeSession, MATCH, meet, verdict } from '../journey.ts';
import { protect, WORDS } from '../vault.ts';
import { demo, expect, test } from '../world.ts';

const RELEASED = 'The host says that it took the secret. Let it run.';

test('Two tabs try to release the same session: one packet goes out, and the other tab is told', async ({
  page,
  context,
  relay,
  folder,
}) => {
  test.slow();
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  const other = await context.newPage();
  const injected: string[] = [];
  for (const tab of [page, other])
    tab.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        if (payload.toString().includes('guest.inject')) injected.push(payload.toString());
      }),
    );
  for (const tab of [page, other]) {
    await tab.goto(page.url());
    await tab.reload();
    await expect(verdict(tab)).toHaveText(MATCH);
    await tab.getByLabel('Disk passphrase').fill(tab === page ? 'the words of one tab' : 'the words of the other');
  }
  // Both at the same moment: the tab that comes second may have followed the first before a hand could press there.
  const button = (tab: typeof page) => tab.getByRole('button', { name: 'Release the disk key' }).elementHandle();
  const [here, there] = await Promise.all([button(page), button(other)]);
  await Promise.all([here, there].map((found) => found?.evaluate((element) => (element as HTMLElement).click())));
  await expect(verdict(page)).toHaveText(RELEASED);
  await expect(verdict(other)).toHaveText(RELEASED);
  const packets = new Set(injected.map((frame) => (JSON.parse(frame) as { params: { secret: string } }).params.secret));
  expect(packets.size, 'whatever was sent is one and the same packet').toBe(1);
});

test('The browser removes what was stored in the middle of a launch: it is said, and nothing is released', async ({
  page,
  relay,
  folder,
  app,
}) => {
  test.slow();
  await protect(page);
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.clearDataForOrigin', { origin: app.url, storageTypes: 'indexeddb' });
  await expect(page.getByText('The browser has removed what this app stored, or closed its storage.')).toBeVisible();
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect(page.getByText('Keys were kept here, and the browser has removed them.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Release the disk key' })).toHaveCount(0);
  await page.getByRole('button', { name: 'I know' }).click();
  await page.reload();
  await expect(page.getByText('Keys were kept here, and the browser has removed them.')).toHaveCount(0);
});

test('There is no room when the passphrase is set: it is said, and goes on when there is room', async ({
  page,
  app,
}) => {
  await page.goto(demo('#/keys'));
  await expect(page.getByLabel('New passphrase')).toBeVisible();
  const session = await page.context().newCDPSession(page);
  const room = (quotaSize?: number): Promise<unknown> =>
    session.send('Storage.overrideQuotaForOrigin', { origin: app.url, ...(quotaSize && { quotaSize }) });
  await room(1);
  await page.getByLabel('New passphrase').fill(WORDS);
  await page.getByLabel('The same passphrase again').fill(WORDS);
  const set = page.getByRole('button', { name: 'Set the passphrase' });
  await set.click();
  await expect(page.getByText("The room for this app's storage is nearly used up.")).toBeVisible();
  await expect(page.getByText(/The device has no room left for it\./)).toBeVisible();
  await room();
  await set.click();
  await expect(page.getByText('The keys can be used in this tab.')).toBeVisible();
});
