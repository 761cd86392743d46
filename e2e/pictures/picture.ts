// One screen as four pictures: on a phone and on a desk, in light and dark.
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';

/** For looking at: the whole height of each screen. */
const ALL = resolve(process.env['PICTURES'] ?? 'test-results/pictures');
/** Those that the documents show, as far as a screen reaches; each is drawn anew where it lies. */
const SHOWN = resolve('docs/images');

const SCREENS = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1440, height: 900 },
} as const;

/** A list of thousands is looked at as far as a screen reaches. */
const MOST_HEIGHT = 8000;

/** Leaves the page as on a desk in the light. */
export async function picture(page: Page, name: string): Promise<void> {
  const toast = page.getByRole('button', { name: 'Dismiss' });
  if (await toast.isVisible()) await toast.click();
  mkdirSync(ALL, { recursive: true });
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const screen of ['phone', 'desktop'] as const) {
      await page.setViewportSize(SCREENS[screen]);
      const height = await page.evaluate(asOnDevice, screen === 'phone');
      const drawn = { animations: 'disabled', caret: 'hide' } as const;
      const shown = join(SHOWN, `${screen}-${colorScheme}-${name}.png`);
      if (existsSync(shown)) await page.screenshot({ ...drawn, path: shown });
      // The whole screen at once, so that what stays at the thumb lies over nothing.
      if (height < MOST_HEIGHT)
        await page.setViewportSize({ ...SCREENS[screen], height: Math.max(height, SCREENS[screen].height) });
      await page.screenshot({ ...drawn, path: join(ALL, `${name}-${screen}-${colorScheme}.png`) });
    }
  }
}

/** From the top, and on a phone without room for a scroll bar. @returns how high all of it is */
function asOnDevice(phone: boolean): number {
  const { documentElement } = document;
  documentElement.style.scrollbarGutter = phone ? 'auto' : '';
  scrollTo(0, 0);
  return documentElement.scrollHeight;
}
