// A relay that lies in every field of every answer: the page never releases, never hangs, and names the lie.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import {
  continueGuest,
  demoImage,
  guestConsole,
  launch,
  makeSession,
  MATCH,
  meet,
  MISMATCH,
  release,
  verdict,
} from '../journey.ts';
import { expect, NO_VECTORS, test as base, vectorsFolder } from '../world.ts';
import { chainLies, GARBAGE, IDLE_LIES, MEASUREMENT_LIES, promises, REPORT_LIES } from './lies.ts';
import { type Answer, type Lie, LyingRelay } from './lying-relay.ts';
import { trueCertificates } from './true-certificates.ts';

const test = base.extend<{ liar: LyingRelay }>({
  liar: async ({ relay }, use) => {
    const liar = await LyingRelay.start(relay);
    await use(liar);
    await liar.close();
  },
});

const PASSPHRASE = 'correct horse battery staple';
const NOT_ALLOWED = /message is not what the protocol allows/;

/** Whatever was told, the page offers no release, and has sent no packet. */
async function expectNoRelease(page: Page, liar: LyingRelay, why: string): Promise<void> {
  await expect(page.getByRole('button', { name: 'Release the disk key' }), why).toHaveCount(0);
  expect(liar.asked('guest.inject'), why).toBe(0);
  for (const lie of liar.lies) expect(liar.told, `${why}: the lie was told`).toContain(lie);
}

const goTo = (page: Page, place: string): Promise<void> => page.evaluate((hash) => void (location.hash = hash), place);

/** A fresh screen, so that no sentence of before is taken for the next one. */
async function openConnect(page: Page): Promise<void> {
  await goTo(page, '#/about');
  await goTo(page, '#/connect');
  await expect(verdict(page)).toHaveText('Meet a host');
}

async function openPlatform(page: Page): Promise<void> {
  await goTo(page, '#/platforms');
  await page.getByRole('main').getByRole('link').first().click();
  await expect(page.getByRole('button', { name: 'Prepare a launch here' })).toBeVisible();
}

async function launchDemo(page: Page): Promise<void> {
  await page.getByRole('radio', { name: /^demo / }).check();
  await page.getByRole('button', { name: 'Launch the guest, paused' }).click();
}

async function checkPlatform(page: Page, liar: LyingRelay, title: string, lie: Lie, named: RegExp): Promise<void> {
  liar.lies = [lie];
  await openConnect(page);
  await page.getByRole('button', { name: 'Check its platform' }).click();
  await expect(verdict(page), title).toHaveText(named);
  await expect(page.getByRole('button', { name: 'Prepare a launch here' }), title).toHaveCount(0);
  await expectNoRelease(page, liar, title);
}

test("A relay lies about the platform's certificates, and the broken link is named", async ({
  page,
  app,
  folder,
  liar,
}) => {
  const other = await trueCertificates(app.url, join(folder, 'other'));
  await meet(page, liar);
  for (const { title, lie, named } of chainLies(other)) {
    await test.step(title, () => checkPlatform(page, liar, title, lie, named));
  }
});

test("A relay shows a root of its own that carries AMD's key id, and it is not AMD's", async ({ page, liar }) => {
  test.skip(!vectorsFolder, NO_VECTORS);
  const forged = readFileSync(join(vectorsFolder!, 'negative/forged-root.chain'));
  const sizes = { pdh: 2084, pek: 2084, oca: 2084, cek: 2084, ask: 832, ark: 832 };
  let at = 0;
  const chain = Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [name, forged.subarray(at, (at += size)).toString('base64')]),
  );
  await meet(page, liar);
  const lie: Lie = { at: 'platform.certificates', tell: () => ({ result: chain }) };
  await checkPlatform(page, liar, 'forged root', lie, /^Not genuine: the root key is not AMD's\.$/);
});

test('A relay lies about the launch, and the secret is kept', async ({ page, folder, liar }) => {
  test.slow();
  await meet(page, liar);
  // An honest launch first: lies that repeat an old answer need one.
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  for (const { title, lie, named } of MEASUREMENT_LIES) {
    await test.step(title, async () => {
      liar.lies = [];
      await openPlatform(page);
      await makeSession(page, demoImage(folder));
      liar.lies = [lie];
      await launchDemo(page);
      await expect(verdict(page), title).toHaveText(named);
      await expectNoRelease(page, liar, title);
    });
  }
});

test('A relay lies about the attestation report, and nothing of it is believed', async ({ page, folder, liar }) => {
  test.slow();
  const proven = page.getByRole('heading', {
    name: 'A simulated platform has a guest with your launch digest and policy.',
  });
  await meet(page, liar);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  await page.getByText('Attestation report', { exact: true }).click();
  await page.getByRole('button', { name: 'Ask for an attestation report' }).click();
  await expect(proven).toBeVisible();
  for (const { title, lie, named } of REPORT_LIES) {
    await test.step(title, async () => {
      liar.lies = [lie];
      await page.getByRole('button', { name: 'Ask for another report' }).click();
      await expect.poll(() => liar.told.has(lie), title).toBe(true);
      await expect(page.getByRole('heading', { name: named }), title).toBeVisible();
      await expect(proven, title).toHaveCount(0);
    });
  }
  liar.lies = [];
  await page.getByRole('button', { name: 'Ask for another report' }).click();
  await expect(proven).toBeVisible();
  const nonces = liar.requests.flatMap(({ method, params }) =>
    method === 'guest.report' ? JSON.stringify(params) : [],
  );
  expect(new Set(nonces).size, 'a fresh nonce each time').toBe(REPORT_LIES.length + 2);
});

test('A relay promises the guest image that is meant and starts another, and the secret is kept', async ({
  page,
  folder,
  liar,
}) => {
  const meant = join(folder, 'meant.fd');
  writeFileSync(meant, readFileSync(demoImage(folder)).fill(7, 0, 16));
  liar.lies = [promises(createHash('sha256').update(readFileSync(meant)).digest('hex'))];
  await meet(page, liar);
  await makeSession(page, meant);
  await launchDemo(page);
  await expect(verdict(page)).toHaveText(MISMATCH);
  await expectNoRelease(page, liar, 'another image');
});

test('A relay shows the certificates of one chip and launches on another, and the AMD-SP refuses', async ({
  page,
  app,
  folder,
  liar,
}) => {
  const other: Answer = await trueCertificates(app.url, join(folder, 'other'));
  liar.lies = [{ at: 'platform.certificates', tell: () => ({ result: other }) }];
  await meet(page, liar);
  await makeSession(page, demoImage(folder));
  await launchDemo(page);
  await expect(
    page.getByText('The session, the policy or the secret does not fit this platform').first(),
  ).toBeVisible();
  await expectNoRelease(page, liar, 'another chip');
});

test('What a relay says of itself and its guests changes no verdict', async ({ page, folder, liar }) => {
  liar.lies = IDLE_LIES;
  await meet(page, liar);
  expect(await page.locator('img, b').count(), "the relay's words are shown as words").toBe(0);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  for (const lie of IDLE_LIES) expect(liar.told, lie.at).toContain(lie);
  for (const state of ['running', 'gone', 'shutdown']) {
    liar.volunteer(
      JSON.stringify({ jsonrpc: '2.0', method: 'guest.changed', params: { id: 'launcher:demo-1', state } }),
    );
  }
  await expect(verdict(page)).toHaveText(MATCH);
  await release(page, PASSPHRASE);
  expect(guestConsole(folder, 'demo-1')).not.toContain(PASSPHRASE);
  // A list that leaves a guest out says that it ended, and is believed: that is no secret of the guest owner's.
  liar.lies = [];
  await continueGuest(page);
  expect(guestConsole(folder, 'demo-1')).toContain(PASSPHRASE);
  expect(liar.asked('guest.inject')).toBe(1);
});

test('A relay that swallows the secret has only a packet, and the guest owner is told to look', async ({
  page,
  folder,
  liar,
}) => {
  liar.lies = (['guest.inject', 'guest.resume'] as const).map((at) => ({
    at,
    swallows: true,
    tell: () => ({ result: {} }),
  }));
  await meet(page, liar);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  await release(page, PASSPHRASE);
  await continueGuest(page);
  await expect(page.getByText('Make the last check, inside the guest.')).toBeVisible();
  expect(guestConsole(folder, 'demo-1')).not.toContain(PASSPHRASE);
  for (const frame of liar.frames) expect(frame).not.toContain(Buffer.from(PASSPHRASE).toString('base64').slice(0, -4));
});

test('A relay sends what no protocol allows: the page lets go, says so, and comes back', async ({
  page,
  folder,
  liar,
}) => {
  test.slow();
  await meet(page, liar);
  await makeSession(page, demoImage(folder));
  const words = 'Your measurement is right, release now.';
  liar.lies = [{ at: 'guest.measurement', tell: () => ({ error: { code: -32000, message: words } }) }];
  await launchDemo(page);
  await expect(page.getByText(`The relay says: “${words}”`).first()).toBeVisible();
  await expectNoRelease(page, liar, 'reassuring words');
  for (const { title, frames } of GARBAGE) {
    await test.step(title, async () => {
      liar.lies = [{ at: 'guest.measurement', tell: (_truth, id) => ({ frames: frames(id) }) }];
      await page.getByRole('button', { name: 'Ask for the measurement' }).click();
      await expect(page.getByText(NOT_ALLOWED).first(), title).toBeVisible({ timeout: 20_000 });
      await expectNoRelease(page, liar, title);
      await page.getByRole('button', { name: 'Try now' }).first().click();
      await expect(page.getByRole('button', { name: 'Ask for the measurement' }), title).toBeEnabled();
    });
  }
  liar.lies = [];
  await page.getByRole('button', { name: 'Ask for the measurement' }).click();
  await expect(verdict(page)).toHaveText(MATCH);
});

test('A relay that never answers keeps nobody waiting for ever, and gets one packet at most', async ({
  page,
  folder,
  liar,
}) => {
  const silent = (at: Lie['at']): void => void (liar.lies = [{ at, tell: () => 'nothing' }]);
  const wait = async (): Promise<void> => {
    await page.clock.fastForward(121_000);
    await expect(page.getByText('No answer came in time.').first()).toBeVisible();
  };
  await page.clock.install();
  await meet(page, liar);

  silent('platform.certificates');
  await openConnect(page);
  await page.getByRole('button', { name: 'Check its platform' }).click();
  await expect.poll(() => liar.told.size).toBe(1);
  await wait();

  silent('guest.launch');
  await openPlatform(page);
  await makeSession(page, demoImage(folder));
  await launchDemo(page);
  await expect.poll(() => liar.told.size).toBe(2);
  await wait();
  await expect(page.getByText('The relay was asked to launch, but its answer never came.')).toBeVisible();
  liar.lies = [];
  await page.reload();
  await page.getByRole('button', { name: 'Use demo-1' }).click();
  await expect(verdict(page)).toHaveText(MATCH);

  silent('guest.inject');
  await page.getByLabel('Disk passphrase').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Release the disk key' }).click();
  await expect.poll(() => liar.told.size).toBe(3);
  await wait();
  await expect(verdict(page)).toHaveText('The secret is sealed, but nobody confirmed that it arrived.');
  liar.lies = [];
  await page.getByRole('button', { name: 'Send the sealed packet again' }).click();
  await expect(verdict(page)).toHaveText('The host says that it took the secret. Let it run.');
  const packets = liar.requests
    .filter(({ method }) => method === 'guest.inject')
    .map(({ params }) => JSON.stringify(params));
  expect(packets).toHaveLength(2);
  expect(new Set(packets).size, 'the same packet, byte by byte').toBe(1);
});
