// Another engine: WebKitGTK, over WebDriver's plain HTTP, on a screen that nobody sees.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { expect } from '@playwright/test';
import { firstExisting } from './world.ts';

const DRIVER = '/usr/bin/WebKitWebDriver';
const SCREEN = '/usr/bin/Xvfb';
const PATIENCE_MS = 45_000;
const PAUSE_MS = 200;
/** The name under which WebDriver hands out elements. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Why there is no such engine here, if there is none. */
export const noWebKit = (): string | undefined =>
  firstExisting(DRIVER) && firstExisting(SCREEN)
    ? undefined
    : 'WebKitWebDriver or Xvfb is not installed (Debian: webkit2gtk-driver, xvfb)';

export class WebKit {
  readonly #session: string;
  readonly #processes: readonly ChildProcess[];

  private constructor(session: string, processes: readonly ChildProcess[]) {
    this.#session = session;
    this.#processes = processes;
  }

  static async open(): Promise<WebKit> {
    const screen = spawn(SCREEN, ['-displayfd', '1', '-screen', '0', '1280x1000x24'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const display = await new Promise<string>((done) =>
      screen.stdout.once('data', (number: Buffer) => done(number.toString())),
    );
    const port = await freePort();
    const env = { ...process.env, DISPLAY: `:${display.trim()}` };
    const driver = spawn(DRIVER, [`--port=${port}`], { stdio: 'ignore', env });
    const address = `http://127.0.0.1:${port}/session`;
    const asked = { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { args: ['--automation'] } } } };
    let session: { sessionId: string } | undefined;
    await expect
      .poll(
        async () => {
          session = await call<{ sessionId: string }>(address, asked).catch(() => undefined);
          return session?.sessionId;
        },
        { timeout: PATIENCE_MS },
      )
      .toBeTruthy();
    return new WebKit(`${address}/${session!.sessionId}`, [driver, screen]);
  }

  async close(): Promise<void> {
    await fetch(this.#session, { method: 'DELETE' }).catch(() => undefined);
    for (const process of this.#processes) process.kill();
  }

  go(url: string): Promise<unknown> {
    return call(`${this.#session}/url`, { url });
  }

  /** The sentence that a screen reader meets first, once it is the one that is meant. */
  async says(sentence: string): Promise<void> {
    const script = 'return document.querySelector("h1")?.textContent ?? ""';
    await expect.poll(() => this.run(script).catch(() => ''), { timeout: PATIENCE_MS }).toBe(sentence);
  }

  run(script: string): Promise<unknown> {
    return call(`${this.#session}/execute/sync`, { script, args: [] });
  }

  /** Presses what has this text. */
  async press(text: string): Promise<void> {
    await this.#act(`//button[normalize-space()="${text}" and not(@disabled)]`, 'click', {});
  }

  /** Chooses among alternatives. */
  async choose(text: string): Promise<void> {
    await this.#act(`//label[starts-with(normalize-space(), "${text}")]//input`, 'click', {});
  }

  /** Types into the field of this name; for a file, its path. */
  async fill(label: string, text: string): Promise<void> {
    const field = `//*[@aria-label="${label}" or @id=//label[normalize-space()="${label}"]/@for]`;
    await this.#act(field, 'value', { text });
    // The driver answers while its last keys are still on their way. A field for files is gone once it has one.
    const script = `const field = document.evaluate(${JSON.stringify(field)}, document, null, 9, null).singleNodeValue;
      return !field || field.type === 'file' ? ${JSON.stringify(text)} : field.value`;
    await expect.poll(() => this.run(script), { timeout: PATIENCE_MS }).toBe(text);
  }

  /** Once the element is there and takes it. */
  async #act(xpath: string, action: string, body: object): Promise<void> {
    let problem: unknown;
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      try {
        const element = await call<Record<string, string>>(`${this.#session}/element`, {
          using: 'xpath',
          value: xpath,
        });
        await call(`${this.#session}/element/${element[ELEMENT]}/${action}`, body);
        return;
      } catch (error) {
        problem = error;
        await new Promise((done) => setTimeout(done, PAUSE_MS));
      }
    }
    throw new Error(`${xpath} cannot be reached: ${String(problem)}`);
  }
}

async function call<T = unknown>(address: string, body: object): Promise<T> {
  const answer = await fetch(address, { method: 'POST', body: JSON.stringify(body) });
  const { value } = (await answer.json()) as { value: T & { readonly error?: string } };
  if (!answer.ok) throw new Error(value.error ?? `${address} answered ${answer.status}`);
  return value;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
