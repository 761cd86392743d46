// Issue 3: hashing in the browser, beside crypto.subtle and hash-wasm on the same files.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';
import { type BrowserServer, chromium, type Page } from '@playwright/test';
import { build } from 'vite';
import { hashFile } from '../../web/cli/hash-file.ts';
import { toHex } from '../../shared/bytes/text.ts';
import { type Bench, type BenchContext, beside, type Figure, skipped, within } from './bench.ts';
import { median } from './measure.ts';
import { writeRandom } from './random-file.ts';
import { residentMemory } from './resident-memory.ts';

type Way = 'ours' | 'oursKnown' | 'oursWithState' | 'subtle' | 'hashWasm';

const LAUNCH_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];

export const bench: Bench = {
  issue: 3,
  title: 'browser',
  run: async (context) => {
    if (context.chromium === undefined) return [skipped('hashing a file', 'MB/s', 'no Chromium')];
    const app = await buildPage(context.folder);
    const server = await serve(app);
    const browserServer = await chromium.launchServer({ executablePath: context.chromium, args: LAUNCH_ARGS });
    try {
      const browser = await chromium.connect(browserServer.wsEndpoint());
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      return await figures(page, browserServer, context);
    } finally {
      await browserServer.close();
      server.close();
    }
  },
};

async function figures(page: Page, browserServer: BrowserServer, { folder, quick }: BenchContext): Promise<Figure[]> {
  const all: Figure[] = [];
  for (const megabytes of quick ? [4] : [4, 64, 512]) {
    const { rates } = await inTurns(page, folder, megabytes, quick ? 1 : 5, [
      'ours',
      'oursKnown',
      'oursWithState',
      'subtle',
      'hashWasm',
    ]);
    const subtle = { name: 'crypto.subtle', value: rates.subtle! };
    all.push(beside(`a file of ${megabytes} MB`, 'MB/s', rates.ours!, subtle, 0.95));
    all.push(beside(`an image of ${megabytes} MB that is known`, 'MB/s', rates.oursKnown!, subtle, 0.95));
    // crypto.subtle keeps its state to itself, and is made of instructions that WebAssembly has not.
    const hashWasm = { name: 'hash-wasm', value: rates.hashWasm! };
    all.push(beside(`an image of ${megabytes} MB, its state kept`, 'MB/s', rates.oursWithState!, hashWasm, 0.95));
    all.push(beside(`an image of ${megabytes} MB, its state kept`, 'MB/s', rates.oursWithState!, subtle));
  }
  for (const megabytes of quick ? [] : [1024, 2560]) {
    const memory = residentMemory(browserServer.process().pid ?? 0);
    const { rates } = await inTurns(page, folder, megabytes, 1, ['ours', 'hashWasm'], memory);
    all.push(
      beside(`a file of ${megabytes} MB`, 'MB/s', rates.ours!, { name: 'hash-wasm', value: rates.hashWasm! }, 0.95),
    );
    all.push(within(`memory for a file of ${megabytes} MB`, 'MiB', memory.growth.ours ?? Number.NaN, 200));
  }
  return all;
}

/** MB a second, by the middle one of so many turns. */
async function inTurns(
  page: Page,
  folder: string,
  megabytes: number,
  turns: number,
  ways: readonly Way[],
  memory?: ReturnType<typeof residentMemory>,
): Promise<{ readonly rates: Partial<Record<Way, number>> }> {
  const path = writeRandom(join(folder, 'browser-file'), megabytes);
  const digest = toHex(hashFile(path).sha256());
  await page.setInputFiles('input', path);
  const taken = Object.fromEntries(ways.map((way) => [way, [] as number[]]));
  // The first turn of several warms up: workers' scripts are read and compiled in it.
  for (let turn = turns > 1 ? -1 : 0; turn < turns; turn++) {
    for (const way of ways) {
      memory?.begin(way);
      const { ms, sha256 } = await page.evaluate((chosen) => window.hashChosen(chosen), way);
      memory?.end();
      if (sha256 !== digest) throw new Error(`${way} computed another hash`);
      if (turn >= 0) taken[way]!.push(ms);
    }
  }
  rmSync(path);
  const rates = Object.entries(taken).map(([way, times]) => [way, (megabytes * 1.048576) / (median(times) / 1000)]);
  return { rates: Object.fromEntries(rates) as Partial<Record<Way, number>> };
}

declare global {
  interface Window {
    hashChosen(way: Way): Promise<{ readonly ms: number; readonly sha256: string }>;
  }
}

async function buildPage(folder: string): Promise<string> {
  const outDir = join(folder, 'page');
  await build({
    configFile: false,
    logLevel: 'warn',
    root: resolve('e2e/bench/page'),
    build: { outDir, target: 'es2023', modulePreload: { polyfill: false } },
    worker: { format: 'es' },
  });
  return outDir;
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

function serve(folder: string): Promise<Server> {
  const files = new Set(readdirSync(folder, { recursive: true, encoding: 'utf8' }));
  const server = createServer((request, response) => {
    const name = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
    if (!files.has(name)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' });
    response.end(readFileSync(join(folder, name)));
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}
