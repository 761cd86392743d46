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

/** Leaves the page as on a desk in the light. */
export async function picture(page: Page, name: string): Promise<void> {
  const toast = page.getByRole('button', { name: 'Dismiss' });
  if (await toast.isVisible()) await toast.click();
  mkdirSync(ALL, { recursive: true });
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const screen of ['phone', 'desktop'] as const) {
      await page.setViewportSize(SCREENS[screen]);
      await page.evaluate(() => scrollTo(0, 0));
      const file = `${screen}-${colorScheme}-${name}.png`;
      const drawn = { animations: 'disabled', caret: 'hide' } as const;
      if (existsSync(join(SHOWN, file))) await page.screenshot({ ...drawn, path: join(SHOWN, file) });
      await page.screenshot({ ...drawn, path: join(ALL, `${name}-${screen}-${colorScheme}.png`), fullPage: true });
    }
  }
}
