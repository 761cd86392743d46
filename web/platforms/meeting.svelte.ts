// Meeting a platform: its certificates come by relay, file or paste, all at once or one by one, until a verdict stands.
import { Work } from '../work.svelte.ts';
import type { Pairing } from '../relay/pairing.ts';
import { type Relay, type Relays, untilOpen } from '../relay/relays.svelte.ts';
import { words } from '../strings/index.ts';
import type { CollectedView, Given } from '../workers/messages.ts';
import { collectGiven } from '../workers/verify.ts';
import { givenByRelay, readGiven } from '../workers/intake.ts';
import type { PlatformRecord } from './platform-record.ts';
import type { Met, Platforms, Replacement, Weighed } from './platforms.svelte.ts';

export class Meeting extends Work {
  /** What was found, while it is not yet a platform to trust: that has a page of its own. */
  found = $state.raw<CollectedView | undefined>();
  /** A visit that would replace something known: it waits for `accept` or `decline`. */
  asked = $state.raw<Weighed | undefined>();
  readonly #platforms: Platforms;
  readonly #relays: Relays;
  readonly #expected: (replacement: Replacement) => boolean;
  #given: readonly Given[] = [];
  #met: Met | undefined;

  /** @param expected what the person on this screen is about to change themselves, and is not asked about again */
  constructor(platforms: Platforms, relays: Relays, expected: (replacement: Replacement) => boolean = () => false) {
    super();
    this.#platforms = platforms;
    this.#relays = relays;
    this.#expected = expected;
  }

  /** @returns the platform, when it can be trusted */
  byPairing(pairing: Pairing): Promise<PlatformRecord | undefined> {
    return this.#attempt(() => this.#meetRelay(this.#relays.pair(pairing)));
  }

  byRelay(relay: Relay): Promise<PlatformRecord | undefined> {
    return this.#attempt(() => this.#meetRelay(relay));
  }

  /** Files that complete a chain that lacks something; else they begin anew. */
  byFiles(files: readonly File[]): Promise<PlatformRecord | undefined> {
    return this.#attempt(async () => {
      const given = await readGiven(files);
      const adding = this.found !== undefined && this.found.missing.length > 0;
      this.#given = adding ? [...this.#given, ...given] : given;
      this.#met = adding && this.#met ? this.#met : { name: words.platform.fromFile(files[0]?.name ?? '') };
      return this.#judge(this.#met);
    });
  }

  /** The guest owner takes the new for the old. */
  accept(): Promise<PlatformRecord | undefined> {
    const { asked } = this;
    return this.#attempt(async () => asked && this.#platforms.keep(asked));
  }

  /** What was known stays. @returns the platform as it is known */
  decline(): PlatformRecord | undefined {
    const { asked } = this;
    this.asked = undefined;
    return asked?.known;
  }

  forget(): void {
    this.asked = undefined;
    this.found = undefined;
    this.error = undefined;
    this.#given = [];
    this.#met = undefined;
  }

  async #meetRelay(relay: Relay): Promise<PlatformRecord | undefined> {
    this.doing = words.relay.connecting(relay.name);
    relay.connection.start();
    await untilOpen(relay);
    await this.#relays.remember(relay);
    this.doing = words.relay.asking(relay.name);
    this.#given = givenByRelay(await relay.connection.ask('platform.certificates', {}));
    const { apiMajor, apiMinor, build, es, owner } = await relay.connection.ask('platform.status', {});
    this.#met = { name: relay.name, relayUrl: relay.pairing.url, status: { apiMajor, apiMinor, build, es, owner } };
    return this.#judge(this.#met);
  }

  async #judge(met: Met): Promise<PlatformRecord | undefined> {
    this.doing = words.platform.checking;
    const found = await collectGiven(this.#given, this.#platforms.profile);
    const { chain, visit, problems } = found;
    if (!chain || !visit || problems.length > 0) {
      this.found = found;
      return undefined;
    }
    const weighed = await this.#platforms.weigh(chain, visit, met);
    if (weighed.replaced.every(this.#expected)) return this.#platforms.keep(weighed);
    this.found = undefined;
    this.asked = weighed;
    return undefined;
  }

  /** Whatever was asked before is settled by going on. */
  #attempt(work: () => Promise<PlatformRecord | undefined>): Promise<PlatformRecord | undefined> {
    this.asked = undefined;
    return this.attempt(undefined, work);
  }
}
