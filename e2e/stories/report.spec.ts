// Attestation reports on demand: by the relay, by file and by a courier's codes; and one that is of no use.
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expectAccessible, expectAccessibleEverywhere } from '../access.ts';
import { askRelay } from '../ask-relay.ts';
import { filmCodes, openDevice } from '../camera.ts';
import { continueGuest, demoImage, launch, makeSession, MATCH, meet, release, verdict } from '../journey.ts';
import { LyingRelay } from '../malice/lying-relay.ts';
import { connectTo, demo, expect, type Relay, start, test } from '../world.ts';

const PASSPHRASE = 'correct horse battery staple';
const PROVEN = 'A simulated platform has a guest with your launch digest and policy.';
const REPLAYED = 'The report answers another request. It proves nothing.';
const OTHER_GUEST = 'the host can answer with the report of another guest';

// Each begins with a whole launch, which takes its time on a busy machine.
test.slow();

const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

/** A guest of the relay's host that is verified and runs. */
async function runGuest(page: Page, relay: Pick<Relay, 'link'>, folder: string): Promise<void> {
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  await release(page, PASSPHRASE);
  await continueGuest(page);
  await page.getByText('Attestation report', { exact: true }).click();
}

/** The sentence on a report, and beside it what no report proves. */
async function expectSentence(page: Page, sentence: string): Promise<void> {
  await expect(page.getByRole('heading', { name: sentence })).toBeVisible();
  await expect(page.getByText(OTHER_GUEST)).toBeVisible();
}

test('A Guest Owner asks a running guest for its attestation report, and files it', async ({ page, relay, folder }) => {
  await runGuest(page, relay, folder);
  await press(page, 'Ask for an attestation report');
  await expectSentence(page, PROVEN);
  await expect(page.locator('p[aria-live="polite"]'), 'it is heard').toContainText(PROVEN);
  await expect(page.getByRole('heading', { name: PROVEN }), 'nothing scrolls away from it').toBeInViewport();
  await expect(verdict(page), 'the launch is judged by its measurement').toHaveText(
    'The guest is running, on a simulated platform.',
  );
  await expectAccessibleEverywhere(page, 'the attestation report');
  await page.reload();
  await expectSentence(page, PROVEN);

  const saving = page.waitForEvent('download');
  await press(page, 'Save the record');
  const file = join(folder, 'evidence.json');
  await (await saving).saveAs(file);
  const checked = start('dist/cli/main.js', ['evidence', file, '--simulated']);
  await checked.says(/\[ok\] reports: The attestation report is signed by the PEK of this chain/);
  await checked.says(/Which guest an attestation report is of/);
});

test('A host shows an old attestation report, and it is refused', async ({ page, relay, folder }) => {
  const liar = await LyingRelay.start(relay);
  await runGuest(page, liar, folder);
  await press(page, 'Ask for an attestation report');
  await expectSentence(page, PROVEN);
  liar.lies = [{ at: 'guest.report', tell: (_, _id, before) => ({ result: before.get('guest.report')! }) }];
  await press(page, 'Ask for another report');
  await expectSentence(page, REPLAYED);
  await expect(page.getByText(/^The request of .* waits for its report\./)).toBeVisible();
  await expectAccessible(page);
  await page.reload();
  await expectSentence(page, REPLAYED);
  await page.getByText('Record', { exact: true }).click();
  await expect(page.getByText('An attestation report was refused:')).toBeVisible();
  await liar.close();
});

test('A Guest Owner has the operator ask over QMP, and gives the answer as it came, after a reload', async ({
  page,
  relay,
  folder,
}) => {
  await runGuest(page, relay, folder);
  await page.getByText('Without the relay: by file, paste or code').click();
  const command = page.getByRole('textbox', { name: 'Over QMP' });
  const mnonce = async (): Promise<string> =>
    (JSON.parse(await command.inputValue()) as { arguments: { mnonce: string } }).arguments.mnonce;
  await press(page, 'Make a request with a fresh nonce');
  const asked = await mnonce();
  await page.reload();
  await expect(command).toBeVisible();
  expect(await mnonce(), 'it is the same request').toBe(asked);

  const { report } = await askRelay(relay, 'guest.report', { id: 'launcher:demo-1', mnonce: asked });
  const [use, pasted] = [page.getByRole('button', { name: 'Use what was pasted' }), page.getByLabel('Or paste it')];
  await pasted.fill(
    '{"return": {"enabled": true, "api-major": 0, "api-minor": 24, "build-id": 15, "policy": 3, "state": "running"}}',
  );
  await use.click();
  await expect(page.getByRole('alert')).toContainText('it belongs beside the measurement');
  await pasted.fill(JSON.stringify({ QMP: {} }) + '\n' + JSON.stringify({ return: { data: report } }));
  await use.click();
  await expectSentence(page, PROVEN);

  await page.getByText('Without the relay: by file, paste or code').click();
  await press(page, 'Make a request with a fresh nonce');
  const buffer = Buffer.from(report as string, 'base64');
  const old = { name: 'attestation_report.bin', mimeType: 'application/octet-stream', buffer };
  await page.getByLabel('Report from the host').setInputFiles(old);
  await expect(
    page.getByText(/^The request of .* waits for its report\./),
    'the old one is that of before',
  ).toBeVisible();
});

test('A courier brings the request to the relay and the report back, by codes', async ({ app, relay, folder }) => {
  const owner = await openDevice(folder, 'owner');
  const courier = await openDevice(folder, 'courier');
  try {
    await runGuest(owner.page, relay, folder);
    await owner.page.getByText('Without the relay: by file, paste or code').click();
    await press(owner.page, 'Make a request with a fresh nonce');
    await owner.page.getByText('Show it as a code').click();
    await filmCodes(owner.page, courier);
    await courier.page.goto(demo('#/courier', app.url));
    await courier.page.getByLabel('Pairing link').fill(relay.link);
    await press(courier.page, connectTo(relay.link));
    await press(courier.page, 'Afterwards: an attestation report');
    await expect(verdict(courier.page)).toHaveText('Show the attestation report to the guest owner.', {
      timeout: 60_000,
    });
    await expectAccessibleEverywhere(courier.page, 'the report at the courier');
    await filmCodes(courier.page, owner);
    await owner.page.getByRole('link', { name: 'Scan a code', exact: true }).click();
    await expect(owner.page.getByRole('heading', { name: PROVEN })).toBeVisible({ timeout: 60_000 });
    await expectSentence(owner.page, PROVEN);
    expect(await courier.page.evaluate(() => Object.keys(localStorage)), 'the courier keeps nothing').toEqual([]);
  } finally {
    await owner.close();
    await courier.close();
  }
});
