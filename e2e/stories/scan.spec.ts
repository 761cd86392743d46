// Scanning where the camera is not as it should be, from wherever one is, and the courier's way by keyboard.
import { chromium, type Page } from '@playwright/test';
import { type AirgapMessage, encodeMessage, encodeUr } from '../../shared/airgap/index.ts';
import { expectAccessible } from '../access.ts';
import { verdict } from '../journey.ts';
import { expect, test } from '../world.ts';

const KERNEL: AirgapMessage = {
  ...{ kind: 'reference', name: 'kernel-6.1', role: 'kernel', size: 12_000_000, sha256: new Uint8Array(32).fill(7) },
};
const MEASUREMENT: AirgapMessage = {
  ...{ kind: 'measurement', measurement: new Uint8Array(48).fill(1), apiMajor: 1, apiMinor: 55, build: 22, policy: 1 },
  session: new Uint8Array(8).fill(2),
};

async function paste(page: Page, message: AirgapMessage): Promise<void> {
  await page.getByLabel('Or paste its text').fill(encodeUr(await encodeMessage(message)));
  await page.getByRole('button', { name: 'Use this text' }).click();
}

test('A person without a camera gives the text of a code or its picture, and it is brought to where it belongs', async ({
  page,
}) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Scan a code' }).click();
  await expect(page.getByText(/There is no camera here\.|This page may not use the camera\./)).toBeVisible();
  await expectAccessible(page);

  await paste(page, MEASUREMENT);
  await expect(page.getByText('This is a measurement of another session; no launch here has it.')).toBeVisible();
  await paste(page, KERNEL);
  await expect(verdict(page)).toHaveText('Library');
  // Nothing is kept unasked, and what is kept is a claim until it is confirmed.
  await expect(page.getByRole('heading', { name: 'Someone else says this about a file' })).toBeVisible();
  await expect(page.getByText('There is nothing yet.', { exact: false })).toBeVisible();
  await page.getByRole('button', { name: 'Keep it as a claim' }).click();
  const kernel = page.getByRole('listitem').filter({ hasText: 'kernel-6.1' });
  await expect(kernel.getByText('claimed by a code, not confirmed')).toBeVisible();
  await kernel.getByRole('button', { name: 'Confirm kernel-6.1 as mine' }).click();
  await expect(kernel.getByText('claimed by a code, confirmed by you')).toBeVisible();
  await kernel.getByText('Show kernel-6.1 as a code').click();
  await kernel.locator('canvas[data-drawn]').waitFor();
  const picture = await kernel.getByRole('img', { name: 'QR code: a reference value' }).screenshot();
  await kernel.getByRole('button', { name: 'Remove kernel-6.1' }).click();
  await expect(kernel).toHaveCount(0);

  await page.getByRole('link', { name: 'Scan a code', exact: true }).click();
  await page
    .getByLabel('Pictures of the code')
    .setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture });
  await expect(verdict(page)).toHaveText('Library');
  await expect(kernel).toBeVisible();
});

test('A person chooses among cameras, and lights what they look at', async ({ app }) => {
  const { executablePath, args = [] } = test.info().project.use.launchOptions ?? {};
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [...args, '--use-fake-device-for-media-stream=device-count=2', '--use-fake-ui-for-media-stream'],
  });
  try {
    const page = await (await browser.newContext()).newPage();
    // The fake cameras have no lamp.
    await page.addInitScript(() => {
      const { prototype } = MediaStreamTrack;
      prototype.getCapabilities = () => ({ torch: true }) as MediaTrackCapabilities;
      prototype.applyConstraints = (wish) => {
        document.documentElement.dataset['lamp'] = JSON.stringify(wish?.advanced);
        return Promise.resolve();
      };
    });
    await page.goto(`${app.url}/#/scan`);
    const cameras = page.getByLabel('Camera', { exact: true });
    await expect(cameras.getByRole('option')).toHaveCount(2);
    await page.getByRole('button', { name: 'Light on' }).click();
    await expect(page.getByRole('button', { name: 'Light off' })).toHaveAttribute('aria-pressed', 'true');
    await expect(page.locator('html')).toHaveAttribute('data-lamp', '[{"torch":true}]');

    const first = await cameras.inputValue();
    await cameras.selectOption({ index: 1 });
    await expect(cameras).not.toHaveValue(first);
    await expect(page.getByRole('button', { name: 'Light on' })).toBeVisible();
    await expectAccessible(page);
  } finally {
    await browser.close();
  }
});

/** Presses Tab until what has this name has the focus. */
async function tabTo(page: Page, role: 'button' | 'textbox', name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: true });
  for (let steps = 0; steps < 60; steps++) {
    await page.keyboard.press('Tab');
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`Tab never comes to ${String(name)}`);
}

test('A courier finds the way through a launch by keyboard alone', async ({ page, relay }) => {
  await page.goto('/#/courier');
  await expect(verdict(page)).toHaveText('Pair with the relay of the host.');
  await expectAccessible(page);
  await tabTo(page, 'textbox', 'Pairing link');
  await page.keyboard.type(relay.link);
  await page.keyboard.press('Enter');
  await expect(verdict(page)).toHaveText('Show the platform chain to the guest owner.');
  await page.locator('canvas[data-drawn]').waitFor();
  await expectAccessible(page);

  await tabTo(page, 'button', 'Pause');
  await page.keyboard.press('Enter');
  await tabTo(page, 'button', 'Next code');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/^Code \d+ of \d+$/)).toBeVisible();
  await tabTo(page, 'button', 'Go on: scan their session');
  await page.keyboard.press('Enter');
  await expect(verdict(page)).toHaveText('Scan the session that the guest owner made.');
  await expect(page.getByText(/There is no camera here\.|This page may not use the camera\./)).toBeVisible();
  await expectAccessible(page);
  // The picture of where one is leads everywhere, also when the page was opened in the middle of a launch.
  await tabTo(page, 'button', /^Measurement, from the host to the guest owner/);
  await page.keyboard.press('Enter');
  await expect(verdict(page)).toHaveText('Choose the guest whose measurement is wanted.');
  await expectAccessible(page);
});
