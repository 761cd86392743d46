// The secret of a launch: kept, sealed for the one guest that was verified, and handed over.
import { toUtf8 } from '../../../../shared/bytes/text.ts';
import { SevError } from '../../../../shared/errors.ts';
import { grubPassphrase, LUKS_PASSPHRASE_GUID } from '../../../../shared/guest/known-secrets.ts';
import { words } from '../../../strings/index.ts';
import { isSevError } from '../../../ui/is-sev-error.ts';
import type { SealedPacket } from '../../../vault/ledger.ts';
import type { Secrets } from '../../../vault/secrets.ts';
import type { Vault } from '../../../vault/vault.ts';
import { arrivalUnknown } from './final-check.ts';
import { after, happened, requireState } from '../../record/launch-record.ts';
import type { LaunchWork } from '../../task/launch-work.svelte.ts';

type Shared = 'record' | 'relay' | 'attempt' | 'present' | 'save' | 'change' | 'connectedRelay' | 'guestOfHost';

/** Of a launch, what the release of its secret needs. */
export interface Releasing extends Pick<LaunchWork, Shared | 'launchCase'> {
  readonly app: {
    readonly vault: () => Promise<Pick<Vault, 'seal' | 'packetOf'>>;
    readonly secrets: () => Promise<Pick<Secrets, 'keep'>>;
  };
}

/** A secret that the vault keeps, or one that was typed; `keepAs` is the name under which it is to be kept as well. */
export type GivenSecret =
  | { readonly storedId: string }
  | { readonly text: string; readonly endsWithNul: boolean; readonly keepAs?: string | undefined };

export class SecretTask {
  readonly #launch: Releasing;

  constructor(launch: Releasing) {
    this.#launch = launch;
  }

  /** A secret was sealed, and whether it arrived is not known. */
  get sealed(): boolean {
    const { record } = this.#launch;
    return record?.state === 'verified' && happened(record, 'sealed');
  }

  /** A secret was on its way when the host was lost: the relay will never send it again, nor say whether it arrived. */
  get arrivalUnknown(): boolean {
    const { record } = this.#launch;
    return this.sealed && record !== undefined && arrivalUnknown(record);
  }

  /**
   * Seals the secret for the guest that was verified, and sends it where a relay takes it. One that is to be kept is kept
   * first, so that it cannot be released and lost; where keeping fails, nothing is released.
   * @returns the id of the secret that the vault keeps, where there is one
   */
  async release(given: GivenSecret): Promise<string | undefined> {
    const storedId = 'storedId' in given ? given.storedId : await this.#keep(given);
    if (storedId !== undefined) await this.#seal({ storedId });
    else if ('text' in given && given.keepAs === undefined) await this.#seal(bytesOf(given));
    return storedId;
  }

  async #keep({ text, endsWithNul, keepAs }: Extract<GivenSecret, { text: string }>): Promise<string | undefined> {
    if (keepAs === undefined) return undefined;
    const secret = { name: keepAs, guid: LUKS_PASSPHRASE_GUID, endsWithNul, text };
    return this.#launch.attempt(undefined, async () => (await (await this.#launch.app.secrets()).keep(secret)).id);
  }

  /** @param secret as it was typed, which is wiped; or one that the vault keeps */
  #seal(secret: Uint8Array | { readonly storedId: string }): Promise<void> {
    return this.#launch.attempt(words.launch.releasing, async () => {
      const typed = secret instanceof Uint8Array;
      try {
        requireState(this.#launch.present(), 'verified');
        const vault = await this.#launch.app.vault();
        const source = typed ? { guid: LUKS_PASSPHRASE_GUID, data: secret } : secret;
        const packet = await vault.seal(await this.#launch.launchCase(), [source]);
        await this.#launch.save('sealed');
        if (this.#launch.relay && this.#launch.present().guest) await this.#inject(packet);
      } finally {
        if (typed) secret.fill(0);
      }
    });
  }

  async packet(): Promise<SealedPacket | undefined> {
    return (await this.#launch.app.vault()).packetOf(this.#launch.present().session?.id ?? '');
  }

  /** The host says that it has injected the packet. */
  noteReleased(): Promise<void> {
    return this.#launch.attempt(
      undefined,
      async () =>
        void (await this.#launch.change((record) => {
          requireState(record, 'verified');
          return after(record, 'released', { state: 'released' });
        })),
    );
  }

  /** The same packet once more, after its arrival was never confirmed. */
  sendAgain(): Promise<void> {
    return this.#launch.attempt(words.launch.releasing, async () => {
      requireState(this.#launch.present(), 'verified');
      const packet = await this.packet();
      if (!packet) throw new SevError('VAULT_MISSING_KEY');
      await this.#inject(packet);
    });
  }

  async #inject({ header, payload }: SealedPacket): Promise<void> {
    const relay = this.#launch.connectedRelay();
    const { id } = this.#launch.guestOfHost();
    try {
      await relay.connection.ask('guest.inject', { id, header, secret: payload });
    } catch (error) {
      if (isSevError(error) && error.code === 'RELAY_INJECT_UNKNOWN') {
        return void (await this.#launch.save('inject-unknown'));
      }
      throw error;
    }
    await this.#launch.save('released', { state: 'released' });
  }
}

/** What the guest reads: with the byte 0 at its end where GRUB is to take it. */
const bytesOf = ({ text, endsWithNul }: { readonly text: string; readonly endsWithNul: boolean }): Uint8Array =>
  endsWithNul ? grubPassphrase(text) : toUtf8(text);
