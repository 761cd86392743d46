// Issue 5: ten thousand launches on one device: opening the list, searching in it, scrolling through it.
import { type BrowserServer, chromium, type Page } from '@playwright/test';
import { storeLaunches } from '../many-launches.ts';
import { start } from '../world.ts';
import { type Bench, type Figure, skipped, within } from './bench.ts';
import { median } from './measure.ts';

const LAUNCH_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const SEARCHES = ['7', '77', '777', 'rack 7', 'guest 9 mism', 'running', 'nothing of it', 'guest 1234', 'RÁCK 39', ''];

export const bench: Bench = {
  issue: 5,
  title: 'launches',
  run: async ({ chromium: executablePath, commands, quick }) => {
    if (executablePath === undefined) return [skipped('opening the list', 'ms', 'no Chromium')];
    const app = start(commands.verifier, ['serve', '--port', '0']);
    let browser: BrowserServer | undefined;
    try {
      const [url] = await app.says(/http:\/\/[\w.-]+:\d+/);
      browser = await chromium.launchServer({ executablePath, args: LAUNCH_ARGS });
      const page = await (await chromium.connect(browser.wsEndpoint())).newPage();
      return await figures(page, url, quick ? 500 : 10_000, quick ? 1 : 5);
    } finally {
      await browser?.close();
      await app.stop();
    }
  },
};

async function figures(page: Page, url: string, count: number, turns: number): Promise<Figure[]> {
  await page.addInitScript(noteFirstRow);
  await page.goto(url);
  await page.getByRole('heading', { name: 'Launches' }).waitFor();
  await storeLaunches(page, count);
  const first = await opening(page);
  const later: number[] = [];
  for (let turn = 0; turn < turns; turn++) later.push(await opening(page));
  const searched = await page.evaluate(searchTimes, SEARCHES);
  const scrolled = await page.evaluate(scrollTimes, 120);
  const of = `${count.toLocaleString('en')} launches`;
  return [
    { name: `the first opening with ${of}, which summarises them`, unit: 'ms', ours: first },
    within(`opening the app on the list of ${of}`, 'ms', median(later), 1000),
    within(`the slowest of ${SEARCHES.length} searches among ${of}, drawn`, 'ms', Math.max(...searched), 50),
    { name: `the middle one of those searches`, unit: 'ms', ours: median(searched) },
    within(`drawing the next screen while scrolling through ${of}, the middle one`, 'ms', median(scrolled), 16),
  ];
}

/** From the start of the navigation until rows stand on the screen, in the page's own time. */
async function opening(page: Page): Promise<number> {
  await page.reload();
  await page.locator('main li').first().waitFor();
  return page.evaluate(() => window.firstRowAt ?? Number.NaN);
}

declare global {
  interface Window {
    firstRowAt?: number;
  }
}

function noteFirstRow(): void {
  const watch = new MutationObserver(() => {
    if (!document.querySelector('main li')) return;
    window.firstRowAt = performance.now();
    watch.disconnect();
  });
  watch.observe(document, { childList: true, subtree: true });
}

/** Each from the input event until what it found is laid out: the page draws in a task of its own after the event. */
async function searchTimes(searches: readonly string[]): Promise<number[]> {
  const field = document.querySelector<HTMLInputElement>('input[type=search]')!;
  const times: number[] = [];
  for (const text of searches) {
    field.value = text;
    const began = performance.now();
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => setTimeout(done));
    void document.body.getBoundingClientRect();
    times.push(performance.now() - began);
  }
  return times;
}

/** So many steps from the top to the end, each until its rows are laid out; the screen's own rhythm is not counted. */
async function scrollTimes(steps: number): Promise<number[]> {
  const height = document.documentElement.scrollHeight;
  const times: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const began = performance.now();
    scrollTo(0, (height * step) / steps);
    dispatchEvent(new Event('scroll'));
    await new Promise((done) => setTimeout(done));
    void document.body.getBoundingClientRect();
    times.push(performance.now() - began);
  }
  return times;
}
