// Whether a screen can be used by everybody: WCAG 2.2 AA as far as a program can tell, small screens, both colour schemes.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** WCAG 2.2 AA, for the page as it stands. @param where named when it fails */
export async function expectAccessible(page: Page, where = page.url()): Promise<void> {
  // What is half beneath the sticky bar is too small a target, but only until one scrolls.
  await page.evaluate(() => scrollTo(0, 0));
  // The same rules in half the time: what it leaves out is a second page, needed only where there are frames. Here are none.
  expect(page.frames(), `${where}: no frames`).toHaveLength(1);
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).setLegacyMode().analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  expect(found, where).toEqual([]);
}

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };

/** The same on a phone in the light and on a desk in the dark, and nothing wider than the phone. */
export async function expectAccessibleEverywhere(page: Page, where: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize(DESK);
  await expectAccessible(page, `${where}, dark, ${DESK.width} px`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(PHONE);
  await expectAccessible(page, `${where}, light, ${PHONE.width} px`);
  expect(await page.evaluate(tooWide), `${where}: wider than ${PHONE.width} px`).toEqual([]);
}

/** What reaches beyond the right edge, where that makes the page scroll sideways. */
function tooWide(): readonly string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [...document.body.querySelectorAll('*')]
    .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
    .map((element) => `${element.tagName}.${element.className.toString()}: ${element.textContent.slice(0, 60)}`);
}

/** Counts how far things move by themselves from now on; also after the page was loaded anew. */
export async function watchLayout(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifts: { value: number; hadRecentInput: boolean }[] = [];
    new PerformanceObserver((list) => shifts.push(...(list.getEntries() as unknown as typeof shifts))).observe({
      type: 'layout-shift',
      buffered: true,
    });
    Object.assign(globalThis, { shifts });
  });
}

interface Shift {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources?: readonly { readonly node?: { readonly outerHTML?: string } }[];
}

/** Cumulative layout shift since the page was loaded, and what moved. */
export const layoutShift = (page: Page): Promise<{ readonly total: number; readonly moved: readonly string[] }> =>
  page.evaluate(() => {
    const { shifts } = globalThis as unknown as { shifts: readonly Shift[] };
    const own = shifts.filter(({ hadRecentInput }) => !hadRecentInput);
    return {
      total: own.reduce((sum, { value }) => sum + value, 0),
      moved: own.flatMap(({ value, sources = [] }) =>
        sources.map(({ node }) => `${value.toFixed(3)} ${node?.outerHTML?.slice(0, 120) ?? 'gone'}`),
      ),
    };
  });

/** Goes on with Tab until the thing has the focus, as somebody does who has no mouse; and sees where it is. */
export async function tabTo(page: Page, name: RegExp | string): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    if ((await focused.count()) === 0) continue;
    const label = await focused.evaluate(nameOf);
    seen.push(label);
    if (typeof name === 'string' ? label !== name : !name.test(label)) continue;
    const { outline, visible } = await focused.evaluate(ringOf);
    expect(visible, `${label} can be seen`).toBe(true);
    expect(outline, `${label} shows that it has the focus`).not.toBe('none');
    return;
  }
  throw new Error(`Tab never comes to ${String(name)}, only to: ${seen.join(' | ')}`);
}

function nameOf(element: Element): string {
  const { labels } = element as HTMLInputElement;
  const text = element.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element.textContent;
  return text.replace(/\s+/g, ' ').trim();
}

/** A control that is drawn by its label shows the focus there. */
function ringOf(element: Element): { readonly outline: string; readonly visible: boolean } {
  const drawn = element.classList.contains('visually-hidden') ? (element.closest('label') ?? element) : element;
  const { width, height } = drawn.getBoundingClientRect();
  const { outlineStyle, boxShadow } = getComputedStyle(drawn);
  return { outline: outlineStyle === 'none' ? boxShadow : outlineStyle, visible: width > 4 && height > 4 };
}
