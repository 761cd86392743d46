// The world of one run: a relay process with a simulated host, a wire in front of it that faults come over, a browser.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { demoImage } from '../journey.ts';
import { LyingRelay } from '../malice/lying-relay.ts';
import { type Relay, startRelay } from '../world.ts';
import type { Dice } from '../../shared/testing/dice.ts';
import { breakBrowser, type Fault, spoilFrame } from './faults.ts';

export class FaultyWorld {
  readonly wire: LyingRelay;
  readonly context: BrowserContext;
  /** The image that the guest owner has: the host's own, or another. */
  readonly image: string;
  page: Page;
  readonly #settings: Settings;
  #relay: Relay;
  #frames = 0;
  /** What is being mended: the player waits for it. */
  #mending: Promise<unknown> = Promise.resolve();
  /** What relays that are no more have printed, and what the consoles of their guests said. */
  #printed = '';
  #said = '';

  private constructor(settings: Settings, relay: Relay, wire: LyingRelay, context: BrowserContext, page: Page) {
    this.#settings = settings;
    this.#relay = relay;
    this.wire = wire;
    this.context = context;
    this.page = page;
    this.image = settings.rightImage ? demoImage(settings.folder) : join(settings.folder, 'other.fd');
    if (!settings.rightImage) writeFileSync(this.image, readFileSync(demoImage(settings.folder)).fill(1, 0, 64));
    wire.tap = (frame) => this.#pass(frame);
  }

  static async open(settings: Settings): Promise<FaultyWorld> {
    const { appUrl, folder, fault, browser } = settings;
    const relay = await startRelay(appUrl, ['--simulate', '--state', folder]);
    const wire = await LyingRelay.start(relay);
    const context = await browser.newContext({ baseURL: appUrl });
    await breakBrowser(context, fault);
    return new FaultyWorld(settings, relay, wire, context, await context.newPage());
  }

  get link(): string {
    return this.wire.link;
  }

  get printed(): string {
    return this.#printed + this.#relay.output();
  }

  /** Everything that guests have found in their memories. */
  get consoles(): string {
    return this.#said + this.#readConsoles();
  }

  /** Waits until what broke is as whole as it will be. */
  async mended(): Promise<void> {
    await this.#mending.catch(() => undefined);
    if (this.page.isClosed()) this.page = await this.context.newPage();
  }

  async close(): Promise<void> {
    await this.mended();
    await this.context.close();
    await this.wire.close();
    await this.#relay.stop();
  }

  #pass(frame: string): string | undefined {
    const { fault, dice } = this.#settings;
    this.#frames += 1;
    if (this.#frames !== fault.at) return frame;
    switch (fault.name) {
      case 'a frame is spoilt':
        return spoilFrame(frame, dice);
      case 'a frame is lost':
        return undefined;
      case 'the socket is cut':
        this.wire.cut();
        return undefined;
      case 'the relay is killed':
        this.#mending = this.#restartRelay();
        return undefined;
      case 'the page is reloaded':
        this.#mending = unlessGoing(this.page.reload());
        return frame;
      case 'the tab is closed':
        this.#mending = unlessGoing(this.page.close());
        return frame;
      default:
        return frame;
    }
  }

  async #restartRelay(): Promise<void> {
    const { appUrl, folder } = this.#settings;
    const { port } = new URL(this.#relay.address);
    this.#said += this.#readConsoles();
    await this.#relay.stop('SIGKILL');
    this.#printed += this.#relay.output();
    this.#relay = await startRelay(appUrl, ['--simulate', '--state', folder, '--listen', `127.0.0.1:${port}`]);
  }

  #readConsoles(): string {
    const record = join(this.#settings.folder, 'simulated', 'simulated-run');
    const guests = existsSync(record) ? join(readFileSync(record, 'utf8').trim(), 'guests') : '';
    if (!existsSync(guests)) return '';
    const logs = readdirSync(guests).map((name) => join(guests, name, 'console.log'));
    return logs.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')).join('\n');
  }
}

/** The player may have gone to another page in this very moment: then the browser gives up one of the two. */
const unlessGoing = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

export interface Settings {
  readonly appUrl: string;
  readonly folder: string;
  readonly browser: Browser;
  readonly fault: Fault;
  readonly dice: Dice;
  readonly rightImage: boolean;
}
