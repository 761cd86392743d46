// What another app of the device shares with this one: kept by the service worker, and asked about before anything is done.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { BrowserContext, Page } from '@playwright/test';
import { verdict } from '../journey.ts';
import { confirmHost, connectTo, expect, fromNode, test } from '../world.ts';

interface Shared {
  readonly text?: string;
  readonly files?: readonly string[];
}

/** Posts as the browser does for a share target, from a page of nowhere. @returns where that leads */
async function share(context: BrowserContext, appUrl: string, { text, files = [] }: Shared): Promise<Page> {
  const page = await context.newPage();
  await page.setContent(
    `<form method="post" enctype="multipart/form-data" action="${appUrl}/take-in">
      <textarea name="text"></textarea><input type="file" name="files" multiple><button>Share</button></form>`,
  );
  if (text !== undefined) await page.locator('textarea').fill(text);
  await page.locator('input').setInputFiles([...files]);
  await page.getByRole('button', { name: 'Share' }).click();
  await expect(verdict(page)).toHaveText('Shared with this app');
  return page;
}

test('A person shares a pairing link and a file from another app, and is asked before anything is done', async ({
  page,
  context,
  app,
  relay,
  folder,
}) => {
  await page.goto(app.url);
  await expect(page.getByText('Ready to work offline.')).toBeVisible();

  const nothing = join(folder, 'holiday.cert');
  writeFileSync(nothing, 'no certificate at all');
  const withFile = await share(context, app.url, { files: [nothing] });
  await expect(withFile.getByText('holiday.cert')).toBeVisible();
  await withFile.getByRole('button', { name: 'See what it is' }).click();
  await expect(withFile.getByRole('alert')).toContainText('This is nothing that is known here.');

  const forgotten = await share(context, app.url, { text: relay.link });
  await forgotten.getByRole('button', { name: 'Forget it' }).click();
  await expect(forgotten).toHaveURL(/#\/launches/);
  await forgotten.goto(`${app.url}/#/take-in`);
  await expect(forgotten.getByText('Nothing was shared, or it was taken in already.')).toBeVisible();

  const withLink = await share(context, app.url, { text: `From the operator: ${relay.link}` });
  expect(relay.output(), 'nobody has connected yet').not.toContain('connects from');
  await withLink.getByRole('button', { name: 'See what it is' }).click();
  await expect(withLink.getByRole('button', { name: connectTo(relay.link) })).toBeEnabled();
  expect(relay.output(), 'the form is filled in, and nobody has connected').not.toContain('connects from');
  await confirmHost(withLink, relay.link);
  await expect(verdict(withLink)).toHaveText('Refused: this platform is simulated.');
  expect(relay.output()).toContain('connects from');
});

test('A page of another site shares nothing with the app, and a key is not kept', async ({
  page,
  context,
  app,
  folder,
}) => {
  await page.goto(app.url);
  await expect(page.getByText('Ready to work offline.')).toBeVisible();
  const form = `<form method="post" enctype="multipart/form-data" action="${app.url}/take-in">
    <textarea name="text">#relay=ws://evil.example&code=x</textarea></form><script>document.forms[0].submit()</script>`;
  const site = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(form);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  try {
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await expect(verdict(page)).toHaveText('Shared with this app');
    await expect(page.getByText('Nothing was shared, or it was taken in already.')).toBeVisible();
  } finally {
    site.closeAllConnections();
    site.close();
  }

  const key = join(folder, 'vm_tik.bin');
  writeFileSync(key, Buffer.alloc(16, 7));
  const withKey = await share(context, app.url, { files: [key] });
  await expect(withKey.getByRole('alert')).toContainText('These look like keys, so they were not kept.');
  await expect(withKey.getByRole('button', { name: 'See what it is' })).toHaveCount(0);
});

test('The app says to the device what may be shared with it', async ({ request, app }) => {
  const manifest = (await (await request.get(`${fromNode(app.url)}/manifest.webmanifest`)).json()) as {
    share_target: { action: string; method: string; params: { files: { name: string }[] } };
  };
  expect(manifest.share_target).toMatchObject({ action: '/take-in', method: 'POST' });
  expect(manifest.share_target.params.files[0]?.name).toBe('files');
});
