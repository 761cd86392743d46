// Which guest was given which secret packet, kept in the state folder, so that a relay that dies in the middle of an
// injection never injects a second time. It holds digests of what passed by, nothing else.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { inState, readIfThere, type StateFolder, writeWhole } from '../state/state.ts';
import type { SecretPacketParams } from '../sources/types.ts';

const KEPT_MS = 30 * 24 * 3600 * 1000;

/** Failures that are a clear no: nothing was injected, and the guest may be given another packet. */
const CLEAR_NO =
  /^(AMDSP_|BYTES_|MEASURE_|RELAY_(QMP|QMP_BUSY|NOT_SEV|GUEST_STATE|NO_GUEST|LIBVIRT|PARAMS|FILE|NOT_ALLOWED)$)/;

export class InjectionLedger {
  readonly #folder: string;
  /** Launches whose packet is under way in this process. */
  readonly #underWay = new Set<string>();

  /** @throws SevError RELAY_STATE */
  constructor(state: StateFolder, now: number = Date.now()) {
    this.#folder = join(state.path, 'injections');
    inState(this.#folder, () => {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(this.#folder)) {
        const path = join(this.#folder, name);
        if (now - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { force: true });
      }
    });
  }

  /**
   * Injects at most once per launch. The same packet given again after it arrived is answered as done, since the
   * client may have lost the first answer.
   *
   * @param measurement the launch's own 48 bytes; its nonce makes it different for every launch
   * @throws SevError RELAY_GUEST_STATE for a second packet, RELAY_INJECT_UNKNOWN when nobody knows whether the first
   *   arrived, RELAY_STATE when the ledger cannot be written, and whatever `inject` throws
   */
  async once(measurement: Uint8Array, packet: SecretPacketParams, inject: () => Promise<void>): Promise<void> {
    const path = join(this.#folder, digestOf(measurement));
    const own = digestOf(packet.header, packet.secret, Buffer.from(`${packet.gpa ?? ''}`));
    const [state, before] = (inState(path, () => readIfThere(path)) ?? '').trim().split(' ');
    if (this.#underWay.has(path))
      throw new SevError('RELAY_GUEST_STATE', { because: 'A secret is just being injected.' });
    if (state === 'done' && before === own) return;
    if (state === 'done') throw new SevError('RELAY_GUEST_STATE', SECOND);
    if (state === 'begun') throw new SevError('RELAY_INJECT_UNKNOWN');
    inState(path, () => writeWhole(path, `begun ${own}\n`));
    this.#underWay.add(path);
    try {
      await inject();
    } catch (error) {
      if (error instanceof SevError && CLEAR_NO.test(error.code)) rmSync(path, { force: true });
      throw error;
    } finally {
      this.#underWay.delete(path);
    }
    this.#remember(path, own);
  }

  #remember(path: string, own: string): void {
    try {
      writeWhole(path, `done ${own}\n`);
    } catch {
      // The packet did arrive, so the answer is “done”. What stays on the disk is “begun”, which never injects again.
    }
  }
}

const SECOND = {
  sentence: 'This guest was already given a secret.',
  next: 'Continue the guest. For another secret, launch it again with a new session.',
};

function digestOf(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length} `).update(part);
  return hash.digest('hex');
}
