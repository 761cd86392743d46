// Issue 5: the built app's first visit, and its start with the server gone and the network off.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test';
import { firstScripts, gzipSize, MAX_FIRST_SCRIPTS } from '../release/first-scripts.ts';
import { start } from '../world.ts';
import { type Bench, type Figure, skipped, within } from './bench.ts';
import { median } from './measure.ts';

const LAUNCH_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];

export const bench: Bench = {
  issue: 5,
  title: 'start',
  run: async ({ chromium: executablePath, commands, quick }) => {
    const web = resolve(dirname(commands.verifier), '../web');
    const sizes = bytes(web);
    if (executablePath === undefined) return [...sizes, skipped('the first visit', 'ms', 'no Chromium')];
    const browser = await chromium.launch({ executablePath, args: LAUNCH_ARGS });
    try {
      const turns = Array.from({ length: quick ? 1 : 5 });
      const visits: { readonly first: number; readonly offline: number }[] = [];
      for (const _ of turns) visits.push(await visit(browser, commands.verifier));
      return [
        ...sizes,
        { name: 'the first visit, until it can be used', unit: 'ms', ours: median(visits.map(({ first }) => first)) },
        within('the start offline, until it can be used', 'ms', median(visits.map(({ offline }) => offline)), 1000),
      ];
    } finally {
      await browser.close();
    }
  },
};

function bytes(web: string): Figure[] {
  const { files } = JSON.parse(readFileSync(join(web, 'build.json'), 'utf8')) as { files: Record<string, string> };
  const all = Object.keys(files).map((path) => path.slice(1));
  const kB = (paths: readonly string[]): number => gzipSize(web, paths) / 1000;
  return [
    within('script before anything shows', 'kB gzip', kB(firstScripts(web)), MAX_FIRST_SCRIPTS / 1000),
    { name: `all ${all.length} files that are kept for offline use`, unit: 'kB gzip', ours: kB(all) },
  ];
}

/** A new person's browser: first with the server there, then without it and without a network. */
async function visit(browser: Browser, verifier: string): Promise<{ first: number; offline: number }> {
  const server = start(verifier, ['serve', '--port', '0']);
  const context = await browser.newContext();
  try {
    const [url] = await server.says(/http:\/\/[\w.-]+:\d+/);
    const { page, ms: first } = await open(context, url);
    await page.getByText('Ready to work offline.').waitFor();
    await server.stop();
    await context.setOffline(true);
    return { first, offline: (await open(context, url)).ms };
  } finally {
    await context.close();
    await server.stop();
  }
}

/** @returns how long it took from the start of the navigation until the screen's main action answers a press */
async function open(context: BrowserContext, url: string): Promise<{ readonly page: Page; readonly ms: number }> {
  const page = await context.newPage();
  await page.addInitScript(noteUsable);
  await page.goto(url);
  await page.waitForFunction(() => window.usableAt !== undefined);
  return { page, ms: await page.evaluate(() => window.usableAt!) };
}

declare global {
  interface Window {
    usableAt?: number;
  }
}

/** The screen stands, and the page's one thread is free to answer. */
function noteUsable(): void {
  const watch = new MutationObserver(() => {
    if (!document.querySelector('main h1') || !document.querySelector('main a, main button')) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => (window.usableAt = performance.now())));
  });
  watch.observe(document, { childList: true, subtree: true });
}
