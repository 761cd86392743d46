// Everybody can use it: every screen by axe in light and dark, on a phone and on a desk; the journey by keyboard and by ear.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { PAGES } from '../../web/pages.ts';
import { expectAccessibleEverywhere, layoutShift, tabTo, watchLayout } from '../access.ts';
import {
  chooseImage,
  continueGuest,
  demoImage,
  launch,
  makeSession,
  MATCH,
  meet,
  MISMATCH,
  release,
  verdict,
} from '../journey.ts';
import { protect } from '../vault.ts';
import { connectTo, demo, expect, test } from '../world.ts';

const PASSPHRASE = 'correct horse battery staple';
/** “Good” ends at 0.1; a line of words that wraps on a phone is a tenth of that. */
const MOST_SHIFT = 0.05;

test('Every screen is accessible in light and dark, on a phone and on a desk', async ({ page, app }) => {
  test.slow();
  for (const name of Object.keys(PAGES)) {
    await page.goto(`${app.url}/#/${name}`);
    await expect(verdict(page)).toBeVisible();
    await expectAccessibleEverywhere(page, name);
  }
});

test('Every step of a launch is accessible in light and dark, on a phone and on a desk', async ({
  page,
  relay,
  folder,
}) => {
  test.slow();
  await meet(page, relay);
  await expectAccessibleEverywhere(page, 'the platform');
  await makeSession(page, demoImage(folder));
  await expectAccessibleEverywhere(page, 'the session');
  await launch(page, 'demo', MATCH);
  await expectAccessibleEverywhere(page, 'the verdict');
  await release(page, PASSPHRASE);
  await expectAccessibleEverywhere(page, 'the released secret');
  await continueGuest(page);
  await expectAccessibleEverywhere(page, 'the running guest');

  const changed = join(folder, 'changed.fd');
  writeFileSync(changed, readFileSync(demoImage(folder)).fill(1, 0, 64));
  await meet(page, relay);
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await expect(verdict(page)).toHaveText('Choose what may run, and under which policy.');
  await expectAccessibleEverywhere(page, 'the choice of a session');
  await meet(page, relay);
  await makeSession(page, changed);
  await launch(page, 'demo', MISMATCH);
  await expectAccessibleEverywhere(page, 'the mismatch');
});

/** What a screen reader says by itself. */
const announced = (page: Page) => page.locator('p[aria-live="polite"]');

test('A Guest Owner without a mouse takes a guest to its secret, and hears every verdict', async ({
  page,
  relay,
  folder,
}) => {
  const press = async (name: string | RegExp): Promise<void> => {
    await tabTo(page, name);
    await page.keyboard.press('Enter');
  };
  const hears = async (sentence: string): Promise<void> => {
    await expect(verdict(page)).toHaveText(sentence);
    await expect(announced(page)).toContainText(sentence);
  };
  await page.goto(relay.link);
  await press(connectTo(relay.link));
  await hears('This platform is simulated. It proves nothing.');
  await press('Prepare a launch here');
  await hears('Choose what may run, and under which policy.');
  await expect(verdict(page), 'reading goes on from the new sentence').toBeFocused();

  await tabTo(page, 'Guest image file');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
  await chooser.setFiles(demoImage(folder));
  await expect(page.getByRole('button', { name: 'Choose another' })).toBeVisible();
  const policy = page.getByRole('radio', { name: /^Without SEV-ES/ });
  await tabTo(page, /^Recommended/);
  for (let i = 0; i < 4 && !(await policy.isChecked()); i++) await page.keyboard.press('ArrowDown');
  await expect(policy).toBeChecked();
  await press('Make the session');
  await hears('The session is ready. Launch the guest.');

  const profile = page.getByRole('radio', { name: /^demo / });
  await tabTo(page, /^demo/);
  await page.keyboard.press('Space');
  for (let i = 0; i < 4 && !(await profile.isChecked()); i++) await page.keyboard.press('ArrowDown');
  await press('Launch the guest, paused');
  await hears(MATCH);
  await tabTo(page, /^Disk passphrase/);
  await page.keyboard.type(PASSPHRASE);
  await press('Release the disk key');
  await hears('The host says that it took the secret. Let it run.');
  await press('Continue the guest');
  await hears('The guest is running, on a simulated platform.');
});

test('Nothing moves while a screen opens, and nothing is animated for those who asked for that', async ({
  page,
  relay,
}) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 390, height: 844 });
  await watchLayout(page);
  const still = async (where: string): Promise<void> => {
    const { total, moved } = await layoutShift(page);
    expect(total, `${where}: ${moved.join('\n')}`).toBeLessThan(MOST_SHIFT);
    expect(await page.evaluate(() => document.getAnimations().map((one) => one.effect?.getTiming().duration))).toEqual(
      [],
    );
  };
  await meet(page, relay);
  await still('the platform');
  for (const name of Object.keys(PAGES)) {
    await page.goto('about:blank');
    await page.goto(demo(`#/${name}`));
    await expect(verdict(page)).toBeVisible();
    await still(name);
  }
});

test('Nothing moves when a launch is opened again, at whichever step it stands', async ({ page, relay, folder }) => {
  test.slow();
  await page.setViewportSize({ width: 390, height: 844 });
  await watchLayout(page);
  const still = async (where: string, shown: Locator): Promise<void> => {
    // A press is answered before the screen changes: the address is this screen's own only once the screen is there.
    await expect(shown).toBeVisible();
    const address = page.url();
    await page.goto('about:blank');
    await page.goto(address);
    await expect(shown).toBeVisible();
    const { total, moved } = await layoutShift(page);
    expect(total, `${where}: ${moved.join('\n')}`).toBeLessThan(MOST_SHIFT);
  };
  const button = (name: string): Locator => page.getByRole('button', { name });
  await meet(page, relay);
  await still('the platform', button('Prepare a launch here'));
  await button('Prepare a launch here').click();
  await still('the choice', page.getByLabel('Guest image file'));
  await page.getByRole('radio', { name: /^Without SEV-ES/ }).check();
  await chooseImage(page, demoImage(folder));
  await button('Make the session').click();
  await still('the session', button('Launch the guest, paused'));
  await launch(page, 'demo', MATCH);
  await still('the verdict', page.getByLabel('Disk passphrase'));
  await release(page, PASSPHRASE);
  await still('the released secret', button('Continue the guest'));
  await continueGuest(page);
  await still('the running guest', page.getByRole('heading', { name: 'The last check, inside the guest' }));
  for (const [name, shown] of [
    ['library', page.getByText('demo-guest.fd').first()],
    ['platforms', page.getByRole('listitem').first()],
    ['launches', page.getByRole('listitem').first()],
  ] as const) {
    await page.goto(demo(`#/${name}`));
    await still(name, shown);
  }
  await protect(page);
  await still('the locked keys', page.getByText('No backup was made on this device yet.'));
});
