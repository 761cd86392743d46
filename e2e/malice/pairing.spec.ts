// A page of anybody's opens the app by a pairing link: nothing connects, nothing is kept, and no platform that is known
// gets another relay, before a press that names the host and a yes to the old beside the new.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { meet, verdict } from '../journey.ts';
import { confirmHost, connectTo, demo, expect, test as base } from '../world.ts';
import { LyingRelay } from './lying-relay.ts';

/** A page that sends whoever opens it to the app, with the stranger's relay in the link. */
async function strangersPage(link: string): Promise<Server> {
  const script = `<!doctype html><title>Cats</title><script>location.href = ${JSON.stringify(link)}</script>`;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(script);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** It speaks with the honest relay's tongue, so that all of its certificates are true. */
const test = base.extend<{ stranger: LyingRelay; site: string }>({
  stranger: async ({ relay }, use) => {
    const stranger = await LyingRelay.start(relay);
    await use(stranger);
    await stranger.close();
  },
  site: async ({ stranger }, use) => {
    const server = await strangersPage(stranger.link);
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    server.closeAllConnections();
    server.close();
  },
});

interface Kept {
  readonly relays: readonly string[];
  readonly platforms: readonly string[];
}

/** What the app keeps of hosts: the addresses of its relays, and of each platform's relay. */
const kept = (page: Page): Promise<Kept> =>
  page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((done) => {
      const opening = indexedDB.open('sev-verifier-demo');
      opening.onsuccess = () => done(opening.result);
    });
    const all = (store: string): Promise<Record<string, string>[]> =>
      new Promise((done) => {
        const asking = database.transaction(store).objectStore(store).getAll();
        asking.onsuccess = () => done(asking.result as Record<string, string>[]);
      });
    const [relays, platforms] = [await all('relays'), await all('platforms')];
    database.close();
    return { relays: relays.map(({ url }) => url!), platforms: platforms.map(({ relayUrl }) => relayUrl!) };
  });

test('A page of a stranger pairs the app with nothing, not now and not at the next start', async ({
  page,
  app,
  stranger,
  site,
}) => {
  await page.goto(site);
  await expect(page.getByRole('button', { name: connectTo(stranger.link) })).toBeEnabled();
  await expect(page.getByText('Not paired yet')).toBeVisible();
  expect(page.url(), 'the code leaves the address bar all the same').not.toContain('code=');
  // Keys that were meant for the page before reach nothing either.
  await page.keyboard.press('Enter');
  await page.goto(demo('', app.url));
  await expect(verdict(page)).toBeVisible();
  await page.reload();
  await expect(verdict(page)).toBeVisible();
  expect(stranger.connections, 'the stranger has seen nobody').toBe(0);
  expect(await kept(page)).toEqual({ relays: [], platforms: [] });
});

test('A relay that shows the certificates of a known platform does not take its place unasked', async ({
  page,
  relay,
  stranger,
  site,
}) => {
  await meet(page, relay);
  const platform = page.url();
  await page.goto(site);
  await confirmHost(page, stranger.link);
  await expect(verdict(page)).toHaveText('This is not what you knew.');
  await expect(page.getByRole('cell', { name: relay.address })).toBeVisible();
  await expect(page.getByRole('cell', { name: stranger.address })).toBeVisible();
  expect((await kept(page)).platforms).toEqual([relay.address]);

  await page.getByRole('button', { name: 'Keep what I knew' }).click();
  await expect(page).toHaveURL(platform);
  expect((await kept(page)).platforms).toEqual([relay.address]);

  await page.goto(site);
  await confirmHost(page, stranger.link);
  await page.getByRole('button', { name: 'Use the new relay' }).click();
  await expect(page).toHaveURL(platform);
  expect((await kept(page)).platforms).toEqual([stranger.address]);
});

test('A pairing that was kept before hosts were confirmed is listed, and not reconnected before a press', async ({
  page,
  app,
  stranger,
}) => {
  await page.goto(app.url);
  await expect(verdict(page)).toBeVisible();
  await page.evaluate(
    ([url, code]) =>
      new Promise<void>((done) => {
        const opening = indexedDB.open('sev-verifier');
        opening.onsuccess = () => {
          const transaction = opening.result.transaction('relays', 'readwrite');
          transaction.objectStore('relays').put({ url, code, pairedAt: Date.now() });
          transaction.oncomplete = () => {
            opening.result.close();
            done();
          };
        };
      }),
    [stranger.address, new URLSearchParams(new URL(stranger.link).hash.slice(1)).get('code')],
  );
  await page.goto('about:blank');
  await page.goto('/#/connect');
  await expect(page.getByText('Paired by an earlier version, without asking you.')).toBeVisible();
  expect(stranger.connections).toBe(0);
  await confirmHost(page, stranger.link);
  await expect(page.getByText('Connected', { exact: false }).first()).toBeVisible();
  await expect.poll(() => stranger.connections).toBe(1);
});
