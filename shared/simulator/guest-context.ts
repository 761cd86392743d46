// One guest as the AMD-SP holds it: its state, its digest and its transport keys. SEV API, chapter 6.
import { sha256 } from '@noble/hashes/sha2.js';
import { requireThat, STATUS } from './failure.ts';
import { type ApiVersion, type IncomingPacket, measureOf, openPacket } from './launch-measure.ts';
import { POLICY_ES } from './policy-rules.ts';
import type { TransportKeys } from './transport-keys.ts';

/** Guest states as GUEST_STATUS numbers them. Migration's states are left out: nothing here migrates. */
export const GUEST_STATE = { UNINIT: 0, LUPDATE: 1, LSECRET: 2, RUNNING: 3 } as const;
export type GuestStateNumber = (typeof GUEST_STATE)[keyof typeof GUEST_STATE];

const VMSA_SIZE = 4096;

/** A guest between LAUNCH_START and DECOMMISSION. */
export class GuestContext {
  readonly policy: number;
  #state: GuestStateNumber = GUEST_STATE.LUPDATE;
  #hash = sha256.create();
  #keys: TransportKeys;
  #version: ApiVersion;
  #digest: Uint8Array | undefined;
  #measure: Uint8Array | undefined;

  constructor(policy: number, keys: TransportKeys, version: ApiVersion) {
    this.policy = policy;
    this.#keys = keys;
    this.#version = version;
  }

  get state(): GuestStateNumber {
    return this.#state;
  }

  /** @throws AmdSpFailure INVALID_GUEST_STATE, INVALID_LENGTH when not a multiple of 16 bytes */
  updateData(bytes: Uint8Array): void {
    this.#requireState(GUEST_STATE.LUPDATE);
    requireThat(bytes.length > 0 && bytes.length % 16 === 0, STATUS.INVALID_LENGTH, 'Not a multiple of 16 bytes.');
    this.#hash.update(bytes);
  }

  /** @throws AmdSpFailure INVALID_GUEST_STATE (also for a policy without ES), INVALID_LENGTH */
  updateVmsa(page: Uint8Array): void {
    this.#requireState(GUEST_STATE.LUPDATE);
    const es = (this.policy & POLICY_ES) !== 0;
    requireThat(es, STATUS.INVALID_GUEST_STATE, 'The policy does not ask for SEV-ES.');
    requireThat(page.length === VMSA_SIZE, STATUS.INVALID_LENGTH, 'A VMSA has 4,096 bytes.');
    this.#hash.update(page);
  }

  /** Ends the loading. @returns 48 bytes: the measure, then the mnonce */
  measure(mnonce: Uint8Array): Uint8Array {
    this.#requireState(GUEST_STATE.LUPDATE);
    const digest = this.#hash.digest();
    const measure = measureOf(this.#version, this.#keys.tik, { policy: this.policy, digest, mnonce });
    this.#digest = digest;
    this.#measure = measure;
    this.#state = GUEST_STATE.LSECRET;
    return Uint8Array.from([...measure, ...mnonce]);
  }

  async openSecret(packet: IncomingPacket): Promise<Uint8Array> {
    this.#requireState(GUEST_STATE.LSECRET);
    return openPacket(this.#version, this.#keys, this.#measure!, packet);
  }

  finish(): void {
    this.#requireState(GUEST_STATE.LSECRET);
    this.#state = GUEST_STATE.RUNNING;
  }

  /** What an attestation report says of the guest; there is nothing to say before the measure. */
  measuredDigest(): Uint8Array {
    const measured = this.#state === GUEST_STATE.LSECRET || this.#state === GUEST_STATE.RUNNING;
    requireThat(measured, STATUS.INVALID_GUEST_STATE);
    return this.#digest!;
  }

  #requireState(state: GuestStateNumber): void {
    requireThat(this.#state === state, STATUS.INVALID_GUEST_STATE);
  }
}
