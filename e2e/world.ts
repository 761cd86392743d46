// What a story needs: the served app, a relay process with a simulated host, and a way to watch what they say.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page, test as base } from '@playwright/test';

/** Long, because a busy machine starts slowly; a command that fails ends at once. */
const READY_MS = 45_000;

/** One of our commands, running. */
export interface Running {
  /** Everything that it has printed so far. */
  readonly output: () => string;
  /** Waits for a line and gives the match. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Types a line at its terminal. */
  type(line: string): void;
  readonly process: ChildProcess;
  /** Ends it as Ctrl-C would, or at once. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface Relay extends Running {
  /** The pairing link, as it stands in the terminal. */
  readonly link: string;
  /** The relay's own address, `ws://127.0.0.1:PORT`. */
  readonly address: string;
  readonly code: string;
}

/** Starts a built command, such as `dist/relay/main.js`. */
export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [command, ...args], {
    stdio: 'pipe',
    env: { ...process.env, ...env },
  });
  let text = '';
  const collect = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  // What is typed to one that has just ended is lost, and `says` tells that it ended.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    process: child,
    output: () => text,
    type: (line) => void child.stdin.write(`${line}\n`),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(text);
          if (found) finish(() => resolve(found));
        };
        const give = (why: string) => (): void => finish(() => reject(new Error(`${command} ${why}:\n${text}`)));
        const timer = setTimeout(give(`did not say ${pattern}`), READY_MS);
        const onExit = give('ended');
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          child.stdout.off('data', look);
          child.off('exit', onExit);
          settle();
        };
        child.stdout.on('data', look);
        child.once('exit', onExit);
        look();
      }),
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}

/** A relay of one's own; `args` come after the ones that every story needs. */
export async function startRelay(appUrl: string, args: readonly string[]): Promise<Relay> {
  const running = start('dist/relay/main.js', [
    '--listen',
    '127.0.0.1:0',
    '--pwa',
    appUrl,
    '--origin',
    appUrl,
    ...args,
  ]);
  const [link] = await running.says(/http:\/\/[\w.-]+:\d+\/(?:\?demo)?#\S+/);
  const fragment = new URLSearchParams(new URL(link).hash.slice(1));
  return Object.assign(running, { link, address: fragment.get('relay') ?? '', code: fragment.get('code') ?? '' });
}

/** Opens a pairing link, which only fills in the form, and presses the button that names the host. */
export async function pairByLink(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await confirmHost(page, link);
}

/** The form is filled in: presses what connects. */
export const confirmHost = (page: Page, link: string): Promise<void> =>
  page.getByRole('button', { name: connectTo(link), exact: true }).click();

/** The name of that button. */
export function connectTo(link: string): string {
  const fragment = new URLSearchParams(new URL(link).hash.slice(1));
  return `Connect to ${new URL(fragment.get('relay') ?? '').host}`;
}

/**
 * A place of the app's demo, where a simulated host is met; on the app's own address, or behind another.
 * @param place such as `#/keys`
 */
export const demo = (place = '', url = ''): string => `${url}/?demo${place}`;

/** The app as Node finds it, which knows no names under .localhost. */
export const fromNode = (url: string): string => url.replace('sev-verifier.localhost', '127.0.0.1');

/** A folder that goes with the story. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sev-story-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The vectors' folder, or undefined with the reason that a story gives when it skips. */
export const vectorsFolder = process.env['SEV_VECTORS'];
export const NO_VECTORS = 'SEV_VECTORS names no folder of test data';

export const firstExisting = (...paths: readonly string[]): string | undefined =>
  paths.find((path) => existsSync(path));

interface WorkerWorld {
  readonly app: { readonly url: string };
}
interface StoryWorld {
  readonly folder: string;
  /** A relay with a simulated host whose files live in `folder`. */
  readonly relay: Relay;
}

export const test = base.extend<StoryWorld, WorkerWorld>({
  app: [
    async ({ browserName: _ }, use) => {
      const running = start('dist/cli/main.js', ['serve', '--port', '0']);
      const [url] = await running.says(/http:\/\/[\w.-]+:\d+/);
      await use({ url });
      await running.stop();
    },
    { scope: 'worker' },
  ],
  folder: async ({ browserName: _ }, use) => {
    const folder = temporaryFolder();
    await use(folder.path);
    folder.remove();
  },
  relay: async ({ app, folder }, use) => {
    const relay = await startRelay(app.url, ['--simulate', '--state', folder]);
    await use(relay);
    await relay.stop();
  },
  baseURL: async ({ app }, use) => use(app.url),
});

export { expect } from '@playwright/test';
