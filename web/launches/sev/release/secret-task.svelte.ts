// The secret of a launch: kept, sealed for the one guest that was verified, and handed over.
import { SevError } from '../../../../shared/errors.ts';
import { LUKS_PASSPHRASE_GUID } from '../../../../shared/guest/known-secrets.ts';
import { words } from '../../../strings/index.ts';
import { isSevError } from '../../../ui/is-sev-error.ts';
import type { SealedPacket } from '../../../vault/ledger.ts';
import type { NewSecret } from '../../../vault/secrets.ts';
import { arrivalUnknown } from './final-check.ts';
import { happened } from '../../record/launch-record.ts';
import type { LaunchWork } from '../../task/launch-work.svelte.ts';

export class SecretTask {
  readonly #launch: LaunchWork;

  constructor(launch: LaunchWork) {
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

  /** Keeps a secret before it is released, so that it cannot be released and lost. @returns its id, unless it was refused */
  async keep(secret: NewSecret): Promise<string | undefined> {
    let id: string | undefined;
    await this.#launch.attempt(undefined, async () => {
      id = (await (await this.#launch.app.secrets()).keep(secret)).id;
    });
    return id;
  }

  /** @param secret a disk passphrase as it was typed, which is wiped; or one that the vault keeps */
  release(secret: Uint8Array | { readonly storedId: string }): Promise<void> {
    return this.#launch.attempt(words.launch.releasing, async () => {
      const typed = secret instanceof Uint8Array;
      try {
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
      async () => void (await this.#launch.save('released', { state: 'released' })),
    );
  }

  /** The same packet once more, after its arrival was never confirmed. */
  sendAgain(): Promise<void> {
    return this.#launch.attempt(words.launch.releasing, async () => {
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
