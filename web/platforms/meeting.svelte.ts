// Meeting a platform: its certificates come by relay, file or paste, are checked, and a verdict stands.
import { intakeChain } from './intake.ts';
import { type Relay, type Relays, untilOpen } from '../relay/relays.svelte.ts';
import type { Pairing } from '../relay/pairing.ts';
import { inspectChain } from '../workers/verify.ts';
import { chainFromRelay } from './chain-bytes.ts';
import type { ChainView } from './chain-view.ts';
import type { PlatformRecord, ReportedStatus } from './platform-record.ts';
import type { Platforms } from './platforms.svelte.ts';
import { words } from '../strings/index.ts';

interface Met {
  readonly name: string;
  readonly relayUrl?: string;
  readonly status?: ReportedStatus;
}

export class Meeting {
  /** What is going on, in words; undefined when nothing is. */
  doing = $state.raw<string | undefined>();
  error = $state.raw<unknown>();
  /** The verdict, when it is a refusal: a trusted platform has a page of its own. */
  refused = $state.raw<ChainView | undefined>();
  readonly #platforms: Platforms;
  readonly #relays: Relays;

  constructor(platforms: Platforms, relays: Relays) {
    this.#platforms = platforms;
    this.#relays = relays;
  }

  /** @returns the platform, when it can be trusted */
  byPairing(pairing: Pairing): Promise<PlatformRecord | undefined> {
    return this.#attempt(async () => this.#meetRelay(await this.#relays.pair(pairing)));
  }

  byRelay(relay: Relay): Promise<PlatformRecord | undefined> {
    return this.#attempt(() => this.#meetRelay(relay));
  }

  byFiles(files: readonly File[]): Promise<PlatformRecord | undefined> {
    return this.#attempt(async () => {
      this.doing = words.platform.checking;
      const chain = await intakeChain(files);
      return this.#judge(chain, { name: words.platform.fromFile(files[0]?.name ?? '') });
    });
  }

  async #meetRelay(relay: Relay): Promise<PlatformRecord | undefined> {
    this.doing = words.relay.connecting(relay.name);
    relay.connection.start();
    await untilOpen(relay);
    this.doing = words.relay.asking(relay.name);
    const chain = chainFromRelay(await relay.connection.ask('platform.certificates', {}));
    const { apiMajor, apiMinor, build, es, owner } = await relay.connection.ask('platform.status', {});
    const status = { apiMajor, apiMinor, build, es, owner };
    return this.#judge(chain, { name: relay.name, relayUrl: relay.pairing.url, status });
  }

  async #judge(chain: Uint8Array, met: Met): Promise<PlatformRecord | undefined> {
    this.doing = words.platform.checking;
    const view = await inspectChain(chain);
    if (view.status !== 'refused') return this.#platforms.remember(chain, met);
    this.refused = view;
    return undefined;
  }

  async #attempt(work: () => Promise<PlatformRecord | undefined>): Promise<PlatformRecord | undefined> {
    this.error = undefined;
    this.refused = undefined;
    try {
      return await work();
    } catch (error) {
      this.error = error;
      return undefined;
    } finally {
      this.doing = undefined;
    }
  }
}
