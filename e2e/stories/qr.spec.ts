// The air gap: a whole launch by codes alone, from screen to camera, and from a terminal to a camera.
import type { Page } from '@playwright/test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Device, filmCodes, filmPictures, openDevice, SPARE_CODES } from '../camera.ts';
import { demoImage, guestConsole, makeSession, MATCH, verdict } from '../journey.ts';
import { makeOwnerKey } from '../ownership.ts';
import { framesOnTerminal, hasPseudoTerminal, NO_PSEUDO_TERMINAL, photograph } from '../terminal.ts';
import { connectTo, demo, expect, start, test } from '../world.ts';

const PASSPHRASE = 'correct horse battery staple';
const SIMULATED = 'This platform is simulated. It proves nothing.';

/** Opens the app for the first time, and waits until it needs no network any more. */
async function visit(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await expect(page.getByText('Ready to work offline.')).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss' }).click();
}

// A camera that runs beside everything else on two cores may take its time.
test.describe.configure({ timeout: 300_000 });

const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

const scanChain = async (page: Page, url: string): Promise<void> => {
  await page.goto(demo('#/connect', url));
  await press(page, 'Scan codes of the host');
  await expect(verdict(page)).toHaveText(SIMULATED, { timeout: 60_000 });
};

test('An offline Guest Owner releases a secret by codes alone, carried by a courier', async ({
  app,
  relay,
  folder,
}) => {
  const owner = await openDevice(folder, 'owner');
  const courier = await openDevice(folder, 'courier');
  try {
    await visit(owner.page, demo('', app.url));
    await owner.context.setOffline(true);
    await visit(courier.page, demo('#/courier', app.url));
    await courier.page.getByLabel('Pairing link').fill(relay.link);
    await press(courier.page, connectTo(relay.link));
    await expect(verdict(courier.page)).toHaveText('Show the platform chain to the guest owner.');

    await test.step('The platform chain', async () => {
      await filmCodes(courier.page, owner);
      await scanChain(owner.page, app.url);
      await makeSession(owner.page, demoImage(folder));
    });
    await test.step('The session', async () => {
      await owner.page.getByText('Show it as a code').click();
      await filmCodes(owner.page, courier);
      await press(courier.page, 'Go on: scan their session');
      await expect(verdict(courier.page)).toHaveText('Choose what the host starts, and launch it.', {
        timeout: 45_000,
      });
      await courier.page.getByRole('radio', { name: /^demo / }).check();
      await press(courier.page, 'Launch the guest, paused');
    });
    await test.step('The measurement', async () => {
      await expect(verdict(courier.page)).toHaveText('Show the measurement to the guest owner.');
      await filmCodes(courier.page, owner);
      await press(owner.page, 'Scan a measurement');
      await expect(verdict(owner.page)).toHaveText(MATCH, { timeout: 45_000 });
    });
    await test.step('The wrong code is named', async () => {
      // The courier's own screen, where the secret packet should be.
      await filmCodes(courier.page, courier);
      await press(courier.page, 'Go on: scan the sealed secret');
      await expect(courier.page.getByText('This is a measurement; a secret packet is asked for here.')).toBeVisible();
    });
    await test.step('The sealed secret', async () => {
      await owner.page.getByLabel('Disk passphrase').fill(PASSPHRASE);
      await press(owner.page, 'Seal the disk key');
      await owner.page.getByText('Show it as a code').click();
      await filmCodes(owner.page, courier);
      await courier.page.reload();
      await courier.page.getByRole('button', { name: /^Sealed secret/ }).click();
      await press(courier.page, 'Put it into the guest');
      await press(courier.page, 'Continue the guest');
      await expect(verdict(courier.page)).toHaveText('The guest was continued. Nothing is left to carry.');
    });

    const [guest = ''] = /demo-\w+/.exec(await courier.page.getByRole('main').innerText()) ?? [];
    expect(guestConsole(folder, guest)).toContain(PASSPHRASE);
    expect(relay.output(), 'the relay never saw it').not.toContain(PASSPHRASE);
    await press(owner.page, 'The host has injected it');
    await press(owner.page, 'The guest runs now');
    await expect(verdict(owner.page)).toHaveText('The guest is running, on a simulated platform.');
  } finally {
    await owner.close();
    await courier.close();
  }
});

/** Plays a command's codes on a terminal, and films them as they are played. */
async function filmTerminal(command: readonly string[], terminal: Page, device: Device): Promise<void> {
  const codes = (frame: string): number => Number(/: (\d+) codes, 10 a second/.exec(frame)?.[1]);
  const frames = await framesOnTerminal(command, (frame) => codes(frame) + SPARE_CODES);
  const film: Buffer[] = [];
  for (const frame of frames) film.push(await photograph(terminal, frame));
  await filmPictures(film, device);
}

test('A Guest Owner meets a host by the codes in its terminal, and by the pictures that it writes', async ({
  app,
  folder,
  page: terminal,
}) => {
  test.skip(!hasPseudoTerminal(), NO_PSEUDO_TERMINAL);
  const qr = (what: string): string[] => ['dist/relay/main.js', 'qr', what, '--simulate', '--state', folder];
  const owner = await openDevice(folder, 'owner');
  try {
    await visit(owner.page, demo('', app.url));
    await owner.context.setOffline(true);

    await terminal.setViewportSize({ width: 480, height: 480 });
    await filmTerminal(qr('chain'), terminal, owner);
    await scanChain(owner.page, app.url);

    const [command = '', ...rest] = qr('chain');
    await start(command, [...rest, '--out', join(folder, 'chain.png')]).says(/chain-\d+\.png\n$/);
    const pictures = readdirSync(folder).filter((name) => name.endsWith('.png'));
    expect(pictures.length).toBeGreaterThan(1);
    const other = await owner.context.newPage();
    await other.goto(demo('#/connect', app.url));
    await press(other, 'Scan codes of the host');
    await other.getByText('Without the camera').click();
    await other.getByLabel('Pictures of the code').setInputFiles(pictures.map((name) => join(folder, name)));
    await expect(verdict(other)).toHaveText(SIMULATED);

    await test.step('The request of the platform, for its owner', async () => {
      await makeOwnerKey(owner.page, app.url);
      await filmTerminal(qr('csr'), terminal, owner);
      await owner.page.getByRole('link', { name: 'Scan a code', exact: true }).click();
      await expect(owner.page.getByText('Its chain leads to the root, and holds this very PEK')).toBeVisible({
        timeout: 60_000,
      });
    });
  } finally {
    await owner.close();
  }
});
