// The record of one ownership, as a screen goes on with it: every step is noted in storage where the record stands for it.
import { SevError } from '../../shared/errors.ts';
import {
  afterEvent,
  isUnderWay,
  type OwnershipEvent,
  type OwnershipRecord,
  type OwnershipState,
} from './ownership-record.ts';
import type { Ownerships } from './ownerships.ts';

export class KeptOwnership {
  /** As it is in storage; undefined where there is none under way. */
  record = $state.raw<OwnershipRecord | undefined>();
  readonly #open: () => Promise<Ownerships>;

  constructor(open: () => Promise<Ownerships>) {
    this.#open = open;
  }

  /** @throws SevError as parsePekCsr, VAULT_STORAGE */
  async take(csr: Uint8Array, relayUrl?: string): Promise<void> {
    this.record = await (await this.#open()).take(csr, relayUrl);
  }

  /** Takes up one that was left in the middle: the one that changed last, unless something came in the meantime. */
  async resume(): Promise<OwnershipRecord | undefined> {
    const record = (await (await this.#open()).list()).find(isUnderWay);
    if (this.record || !record) return undefined;
    return (this.record = record);
  }

  /** Another tab changed it. */
  async reread(): Promise<void> {
    const { record } = this;
    if (record) this.record = await (await this.#open()).find(record.id);
  }

  /**
   * Notes what happened.
   * @param from where the record must stand for it
   * @throws SevError VAULT_CONFLICT when another tab was quicker; the record is then as that tab left it
   */
  async note(
    event: OwnershipEvent,
    from: readonly OwnershipState[],
    change: Partial<OwnershipRecord> = {},
  ): Promise<void> {
    const { record } = this;
    if (!record) throw new SevError('VAULT_RECORD');
    const ownerships = await this.#open();
    try {
      this.record = await ownerships.change(record.id, (present) => {
        if (!from.includes(present.state)) throw new SevError('VAULT_CONFLICT');
        return afterEvent(present, event, change);
      });
    } catch (error) {
      await this.reread();
      throw error;
    }
  }

  /** Lets go of it. One whose import was asked for is kept until it is known what became of it. */
  async forget(): Promise<boolean> {
    const { record } = this;
    if (!record || record.state === 'import-asked') return false;
    await (await this.#open()).forget(record.id);
    this.record = undefined;
    return true;
  }
}
