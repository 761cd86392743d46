// Where an owner's key that was scanned is to be expected: the known platforms, held against it.
import { Work } from '../work.svelte.ts';
import type { OfKind } from '../../shared/airgap/index.ts';
import { words } from '../strings/index.ts';
import { ownerOfChain, ownerOfMessage } from './owner-pin.ts';
import type { PlatformRecord } from './platform-record.ts';
import type { Platforms } from './platforms.svelte.ts';

/** How one platform stands to the key. */
export interface Standing {
  readonly platform: PlatformRecord;
  /** Whether its chain names this owner; undefined where its stored chain cannot be read. */
  readonly owns: boolean | undefined;
  /** Which owner is expected there: a code that is held up never takes the place of another one. */
  readonly pin: 'none' | 'this' | 'other';
}

export class OwnerPinTask extends Work {
  /** As whoever made the code calls the owner. */
  readonly name: string | undefined;
  /** Those that it owns first. */
  standings = $state.raw<readonly Standing[]>([]);
  looked = $state.raw(false);
  /** The owner's name, once it is expected somewhere. */
  told = $state.raw<string | undefined>();
  readonly #platforms: Pick<Platforms, 'expectOwner'>;
  readonly #owner: Promise<{ readonly keySha256: string }>;

  constructor(platforms: Pick<Platforms, 'expectOwner'>, message: OfKind<'oca' | 'oca-pin'>) {
    super();
    this.#platforms = platforms;
    this.name = message.name;
    this.#owner = ownerOfMessage(message);
    // It is told by whoever looks first.
    this.#owner.catch(() => undefined);
  }

  look(platforms: readonly PlatformRecord[]): Promise<void> {
    return this.attempt(undefined, async () => {
      const { keySha256 } = await this.#owner;
      const standings = await Promise.all(platforms.map((platform) => standingOf(platform, keySha256)));
      this.standings = standings.sort((a, b) => Number(b.owns === true) - Number(a.owns === true));
      this.looked = true;
    });
  }

  /** From now on these platforms must have this owner. */
  expectOf(standings: readonly Standing[]): Promise<void> {
    return this.attempt(undefined, async () => {
      const { keySha256 } = await this.#owner;
      const name = (this.name ?? words.platform.unnamedOwner).slice(0, 64);
      for (const { platform, pin } of standings) {
        if (pin === 'none') await this.#platforms.expectOwner(platform, { keySha256, name, pinnedAt: Date.now() });
      }
      this.told = name;
    });
  }
}

async function standingOf(platform: PlatformRecord, keySha256: string): Promise<Standing> {
  const owner = await ownerOfChain(platform.chain).catch(() => undefined);
  const pin = platform.owner ? (platform.owner.keySha256 === keySha256 ? 'this' : 'other') : 'none';
  return { platform, owns: owner === undefined ? undefined : owner === keySha256, pin };
}
